import { expect } from 'vitest';
import { foreign } from '../../api/constants.ts';
import { baremetalMachines, capiClusters } from '../../api/resources.ts';
import type { MachineRef } from '../../domain/inputs/machine-snapshot.ts';
import { usesOf } from '../../domain/journal/uses.ts';
import { connectJournal } from '../../journal/connection.ts';
import { readHistory } from '../../journal/queries.ts';
import type { ReadEntry } from '../../journal/rows.ts';
import { startJournalDatabase } from '../journal/journal-database.ts';
import { deployCluster } from '../support/clusters.ts';
import { plansReceived, untilRunSettled } from '../support/host-answers.ts';
import {
  createMachine,
  createPool,
  deleteMachine,
  findMachine,
  untilGone,
  untilProvisioned,
} from '../support/machines.ts';
import { refOf } from '../support/runs.ts';
import type { Site } from '../support/site.ts';
import { siteTestOn } from '../support/site-test.ts';
import { useStack } from '../support/stack.ts';
import { deleteRun } from '../support/ui-calls.ts';
import { waitFor } from '../support/wait-for.ts';

// What no run can tell, because Temporal lost it or it happened elsewhere, is told as a gap, and the use of the host goes on.
const NAME = 'jg';

const test = siteTestOn(
  async ({ onCleanup }) => {
    const database = await startJournalDatabase();
    const address = await database.create('gaps');
    const pool = connectJournal(address, () => {});
    onCleanup(async () => {
      await pool.end();
      await database.close();
    });
    const variables = { IRONLOOM_JOURNAL_URL: address.url, IRONLOOM_JOURNAL_PASSWORD: address.password };
    return { ...useStack(), pool, variables };
  },
  'gaps',
  { hosts: [NAME], workers: 0, env: { IRONLOOM_RESYNC_PERIOD: '3s' } },
);

test.beforeAll(async ({ site, cluster }) => {
  await deployCluster(site, cluster, { name: 'leaving' });
  await site.start('worker', 'worker-gaps', cluster.variables);
});

type Journal = ReturnType<typeof connectJournal>;
let first: MachineRef;
let second: MachineRef;

async function readHost({ namespace }: Site, pool: Journal): Promise<ReadEntry[]> {
  return readHistory(pool, { kind: 'host', namespace, name: NAME, sinceMs: 0, limit: 100 });
}

/** Waits until the last entry about that machine leads there. */
async function untilTold(
  site: Site,
  pool: Journal,
  { uid }: MachineRef,
  to: string,
  cause: string,
): Promise<ReadEntry> {
  const look = async () => (await readHost(site, pool)).filter(({ machine }) => machine.uid === uid);
  return waitFor(
    `the journal tells of ${to} (${cause})`,
    async () => {
      const last = (await look()).at(-1);
      return last?.to === to && last.cause === cause && last;
    },
    look,
    { timeoutMs: 90_000 },
  );
}

test('what Temporal lost is a gap, which begins where the machine was described last', async ({ site, cluster }) => {
  await createPool(site, NAME, [NAME], 'leaving');
  await createMachine(site, { name: NAME, pool: NAME, cluster: 'leaving' });
  await untilProvisioned(site, NAME);
  await untilRunSettled(site, NAME);
  first = await refOf(site, NAME);
  const before = await untilTold(site, cluster.pool, first, 'Running', 'Step');
  await deleteRun(site, first);
  const gap = await untilTold(site, cluster.pool, first, 'Running', 'Adopted');
  expect(gap).toMatchObject({ from: null, host: NAME });
  expect(gap.runId).not.toBe(before.runId);
  const beganMs = gap.at - (gap.durationMs ?? 0);
  expect(beganMs).toBeGreaterThan(before.at - 10_000);
  expect(beganMs).toBeLessThanOrEqual(gap.at);
});

test('a machine that moves away takes its host along, and comes back as another one', async ({ site, cluster }) => {
  const { client, namespace } = site;
  const key = { namespace, name: NAME };
  const leaving = { namespace, name: 'leaving' };
  const { metadata, spec } = await client.get(baremetalMachines, key);
  // As clusterctl does it.
  await client.patch(capiClusters, leaving, { spec: { paused: true } });
  await client.patch(baremetalMachines, key, { metadata: { annotations: { [foreign.deleteForMoveAnnotation]: '' } } });
  await client.delete(baremetalMachines, key);
  await client.patch(baremetalMachines, key, { metadata: { finalizers: [] } });
  await untilGone(site, NAME);
  await untilTold(site, cluster.pool, first, 'Moved', 'Observed');
  await client.create(baremetalMachines, { metadata: { ...key, labels: metadata.labels }, spec });
  await client.patch(capiClusters, leaving, { spec: { paused: false } });
  second = await refOf(site, NAME);
  expect(second.uid).not.toBe(first.uid);
  await untilTold(site, cluster.pool, second, 'Running', 'Adopted');
});

test('the uses of the host follow each other up to its release', async ({ site, cluster }) => {
  await deleteMachine(site, NAME);
  await untilGone(site, NAME);
  await untilTold(site, cluster.pool, second, 'Available', 'Step');
  expect(await findMachine(site, NAME)).toBeUndefined();
  expect(plansReceived(site, NAME)).toEqual([undefined, 'reprovision', 'clean']);
  const uses = usesOf(await readHost(site, cluster.pool));
  expect(uses.map(({ machine }) => machine.uid)).toEqual([first.uid, second.uid]);
  const [moved, last] = uses;
  expect(last?.fromMs).toBeGreaterThanOrEqual(moved?.toMs ?? Infinity);
  expect(last?.toMs).toBeGreaterThan(last?.fromMs ?? Infinity);
});
