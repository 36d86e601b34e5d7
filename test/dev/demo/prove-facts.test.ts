import { expect, test } from 'vitest';
import type { DemoView } from '../../../dev/demo/demo-view.ts';
import type { EvidenceSource } from '../../../dev/demo/evidence-source.ts';
import { checkRunning, type Evidence, type Fact } from '../../../dev/demo/facts.ts';
import { proveFacts } from '../../../dev/demo/prove-facts.ts';
import { failedNames, goodEvidence } from './demo-fixtures.ts';

const untilAborted = new AbortController().signal;
const facts = (evidence: Evidence): Fact[] => checkRunning(evidence, 2);

/** A source whose view is changed by hand. */
function fakeSource(machines: DemoView['machines']) {
  const { view, records } = goodEvidence();
  const handlers = new Set<() => void>();
  const status = { running: 'RUNNING', gone: 'COMPLETED' };
  let current = { ...view, machines };
  const source: EvidenceSource = {
    view: () => current,
    readHosts: () => records,
    onChange(handler) {
      handlers.add(handler);
      return () => handlers.delete(handler);
    },
    readRuns: async () => {
      const running = view.machines.map(({ uid }) => [uid, status.running] as const);
      return new Map([...running, ...view.gone.map(({ uid }) => [uid, status.gone] as const)]);
    },
  };
  const change = (changed: DemoView['machines']): void => {
    current = { ...view, machines: changed };
    for (const handler of handlers) handler();
  };
  return { source, status, change, good: view.machines, listeners: () => handlers.size };
}

test('waits for the change that makes the facts true, and listens no longer', async () => {
  const fake = fakeSource([]);
  const proof = proveFacts(fake.source, { facts, timeoutMs: 60_000, signal: untilAborted });
  fake.change(fake.good.slice(0, 1));
  fake.change(fake.good);
  const proven = await proof;
  expect(failedNames(proven)).toEqual([]);
  expect(proven.map(({ name }) => name)).toContain('in Temporal the workflows of these machines are Running');
  fake.change([]);
  await expect.poll(fake.listeners).toBe(0);
});

test('a run that Temporal completes a moment later is waited for', async () => {
  const fake = fakeSource(fakeSource([]).good);
  fake.status.gone = 'RUNNING';
  const proof = proveFacts(fake.source, { facts, timeoutMs: 60_000, signal: untilAborted });
  fake.status.gone = 'COMPLETED';
  expect(failedNames(await proof)).toEqual([]);
});

test('when the time is over, it says what does not hold', async () => {
  const { source } = fakeSource([]);
  const proven = await proveFacts(source, { facts, timeoutMs: -1, signal: untilAborted });
  expect(failedNames(proven)).toContain('2 machines are Running, and their Machines have a nodeRef');
});

test('an abort ends the waiting', async () => {
  const ending = new AbortController();
  const proof = proveFacts(fakeSource([]).source, { facts, timeoutMs: 60_000, signal: ending.signal });
  ending.abort(new Error('enough'));
  await expect(proof).rejects.toThrow('enough');
});
