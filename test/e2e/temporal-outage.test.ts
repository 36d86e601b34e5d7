import { expect } from 'vitest';
import { foreign } from '../../api/constants.ts';
import { baremetalMachines } from '../../api/resources.ts';
import { createMachine, createPool, untilReason, waitForMachine, conditionOf } from '../support/machines.ts';
import { readLog } from '../support/service-log.ts';
import { siteTestOn } from '../support/site-test.ts';
import { useStack } from '../support/stack.ts';
import { startTcpGate } from '../support/tcp-gate.ts';
import type { Site } from '../support/site.ts';
import { waitFor } from '../support/wait-for.ts';

// Temporal is away for a minute and a half, while machines have news for their runs.
const machines = Array.from({ length: 20 }, (_, index) => `to-${index}`);

const test = siteTestOn(
  async ({ onCleanup }) => {
    const cluster = useStack();
    const gate = await startTcpGate(cluster.temporal.address);
    onCleanup(() => gate.close());
    return { ...cluster, gate, temporal: { ...cluster.temporal, address: gate.address } };
  },
  'outage',
  { hosts: [] },
);

/** What a process has complained about since. */
async function complaints(site: Site, name: string, since: number): Promise<string[]> {
  const lines = (await readLog(site, name)).slice(since);
  return lines.filter(({ level }) => level === 'warn' || level === 'error').map((line) => JSON.stringify(line));
}

test('a Temporal that is away is a line a minute, whatever there is to tell', async ({ site, cluster }) => {
  await createPool(site, 'to', []);
  await Promise.all(machines.map((name) => createMachine(site, { name, pool: 'to' })));
  await Promise.all(machines.map((name) => untilReason(site, name, 'InventoryAllocated', 'PoolExhausted')));
  const [before, beforeOfWorker] = await Promise.all(
    ['bridge', 'worker-0'].map(async (name) => (await readLog(site, name)).length),
  );
  const begunAt = Date.now();
  cluster.gate.cut();
  const { client, namespace } = site;
  const annotate = (name: string, value: '' | null) =>
    client.patch(
      baremetalMachines,
      { namespace, name },
      { metadata: { annotations: { [foreign.pausedAnnotation]: value } } },
    );
  await Promise.all(machines.map((name) => annotate(name, '')));
  await waitFor('the outage lasts', () => Promise.resolve(Date.now() - begunAt > 90_000), undefined, {
    timeoutMs: 120_000,
    everyMs: 1_000,
  });
  const ofBridge = await complaints(site, 'bridge', before ?? 0);
  const ofWorker = await complaints(site, 'worker-0', beforeOfWorker ?? 0);
  cluster.gate.open();
  expect(ofBridge.length, ofBridge.slice(0, 12).join('\n')).toBeLessThanOrEqual(2);
  expect(ofBridge[0]).toMatch(/UNAVAILABLE|DEADLINE_EXCEEDED/);
  expect(ofWorker.length, ofWorker.slice(0, 12).join('\n')).toBeLessThanOrEqual(2);
  await Promise.all(
    machines.map((name) =>
      waitForMachine(site, name, 'paused', (machine) => conditionOf(machine, 'Paused')?.status === 'True'),
    ),
  );
});
