import { beforeEach, describe, expect, it } from 'vitest';
import { LONGEST_START_MS, MAX_NEW_RUNS, PacedStarts } from '../../../k8s-bridge/machines/paced-starts.ts';
import { machineView, ManualClock } from '../bridge-fixtures.ts';

const machine = (nth: number, changes = {}) => machineView({ name: `m${nth}`, uid: `uid-${nth}`, ...changes });

let clock: ManualClock;
let called: string[];
let starts: PacedStarts;

beforeEach(() => {
  clock = new ManualClock();
  called = [];
  starts = new PacedStarts({ nowMs: () => clock.nowMs(), enqueue: (key) => called.push(key) });
  for (let nth = 0; nth < MAX_NEW_RUNS; nth += 1) expect(starts.waitMs(machine(nth))).toBe(0);
});

describe('PacedStarts', () => {
  it('calls those who wait in their order, as soon as one before them has shown something, or is gone', () => {
    const [first, second] = [MAX_NEW_RUNS, MAX_NEW_RUNS + 1];
    expect(starts.waitMs(machine(first))).toBe(LONGEST_START_MS);
    expect(starts.waitMs(machine(second))).toBe(LONGEST_START_MS);
    starts.see(machine(5, { observedInputs: 'shown' }));
    expect(called).toEqual([`demo/m${first}`]);
    // Its turn is kept for it, whoever asks first.
    expect(starts.waitMs(machine(300))).toBe(LONGEST_START_MS);
    expect(starts.waitMs(machine(first))).toBe(0);
    expect(starts.waitMs(machine(second))).toBe(LONGEST_START_MS);
    starts.leave('uid-7');
    starts.leave('uid-7');
    expect(called).toEqual([`demo/m${first}`, `demo/m${second}`]);
    expect(starts.waitMs(machine(second))).toBe(0);
  });

  it('never holds up one that has begun, has shown something, or is deleted', () => {
    expect(starts.waitMs(machine(3))).toBe(0);
    expect(starts.waitMs(machine(200, { observedInputs: 'shown' }))).toBe(0);
    expect(starts.waitMs(machine(201, { deleting: true }))).toBe(0);
    expect(called).toEqual([]);
  });

  it('goes on without workers', () => {
    expect(starts.waitMs(machine(200))).toBe(LONGEST_START_MS);
    clock.advance(LONGEST_START_MS);
    expect(starts.waitMs(machine(200))).toBe(0);
    expect(called).toEqual(['demo/m200']);
    for (let nth = 201; nth < 200 + MAX_NEW_RUNS; nth += 1) expect(starts.waitMs(machine(nth))).toBe(0);
    expect(starts.waitMs(machine(500))).toBe(LONGEST_START_MS);
  });
});
