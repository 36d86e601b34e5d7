import { describe, expect, it } from 'vitest';
import { onObserved, onProvisionTried, onWoken } from '../../../domain/life/advance-life.ts';
import { nextStep } from '../../../domain/life/lifecycle.ts';
import type { MachineLife } from '../../../domain/life/machine-life.ts';
import { applyOperation } from '../../../domain/life/operations.ts';
import { slotMissing } from '../../../domain/life/slot-wait.ts';
import { isSnapshot } from '../../../domain/inputs/machine-snapshot.ts';
import { fingerprintSnapshot } from '../../../domain/inputs/snapshot-fingerprint.ts';
import { projectStatus } from '../../../domain/report/status/machine-status.ts';
import { at, host, snapshot } from './life-fixtures.ts';

const claimed = { kind: 'claimed', host: host(), attempt: 1 } as const;
const waits = { kind: 'wait', reason: 'slot', deadlineMs: null };
const provisions = { kind: 'provision', attempt: 1 };
const place = '7th of 40, about 25 min';

function refused(life: MachineLife): MachineLife {
  const obstacles = [slotMissing({ pool: { name: 'workers', limit: 3 }, installation: undefined })];
  return onProvisionTried(life, { kind: 'blocked', obstacles }, life.revision);
}

const planApplied = (life: MachineLife) => projectStatus(life).conditions.find(({ type }) => type === 'PlanApplied');

describe('a machine without a slot', () => {
  const waiting = refused(at(claimed));
  const queued = onObserved(waiting, snapshot({ queued: place }));

  it('waits, and says its place as soon as it is told', () => {
    expect(nextStep(waiting)).toEqual(waits);
    expect(projectStatus(waiting)).toMatchObject({ phase: 'Allocated', inventory: 'h' });
    expect(planApplied(waiting)?.reason).toBe('WaitingForSlot');
    expect(planApplied(waiting)?.message).toMatch(/^Waits for its turn\. At most 3 hosts of pool workers/);
    expect(nextStep(queued)).toEqual(waits);
    expect(planApplied(queued)?.message).toMatch(/^7th of 40, about 25 min\. At most 3 hosts of pool workers/);
    expect(nextStep(onObserved(queued, snapshot({ queued: '6th of 40' })))).toEqual(waits);
  });

  it('tries again when it has no place any more, is woken, or an operator asks', () => {
    expect(nextStep(onObserved(queued, snapshot()))).toEqual(provisions);
    expect(nextStep(onWoken(queued))).toEqual(provisions);
    expect(nextStep(onWoken(waiting))).toEqual(provisions);
    expect(nextStep(applyOperation(queued, 'retry', { actor: 'a', reason: '' }))).toEqual(provisions);
    expect(nextStep(refused(onWoken(queued)))).toEqual(waits);
  });

  it('tries although its bootstrap Secret is gone meanwhile: the step says so, and the next one has its slot', () => {
    const gone = { version: null, bootstrapSecret: null, bootstrapRevision: null, image: '' };
    expect(nextStep(onObserved(queued, snapshot({ provisioning: gone })))).toEqual(provisions);
  });

  it('gives its host back when it is deleted, whatever its place', () => {
    const deleted = onObserved(queued, snapshot({ queued: place, deleting: true }));
    expect(nextStep(deleted)).toEqual({ kind: 'release', untouched: true, last: true });
  });

  it('names the limits that there are', () => {
    const both = slotMissing({ pool: { name: 'p', limit: 1 }, installation: 50 });
    expect(both.message).toMatch(/^At most 1 host of pool p and 50 hosts of the installation may be/);
    expect(slotMissing({ pool: { name: 'p', limit: undefined }, installation: 2 }).message).toMatch(
      /^At most 2 hosts of the inst/,
    );
  });

  it('has a place in the fingerprint only where it has one', () => {
    expect(fingerprintSnapshot(snapshot({ queued: place }))).not.toBe(fingerprintSnapshot(snapshot()));
    expect(isSnapshot(snapshot({ queued: place }))).toBe(true);
    expect(isSnapshot({ ...snapshot(), queued: 7 })).toBe(false);
  });
});
