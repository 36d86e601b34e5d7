import { writeFile } from 'node:fs/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { standAloneCrds } from '../../bench/bench-site.ts';
import { applyCrds } from '../../dev/stack/manifests.ts';
import { type ManagementCluster, startManagementCluster } from '../../dev/stack/management-cluster.ts';
import type { JournalAddress } from '../../journal/connection.ts';
import { createKubeClient } from '../../runtime/kube/client.ts';
import { startJournalDatabase } from '../journal/journal-database.ts';
import { registerMistypedNamespace } from '../support/mistyped-namespace.ts';
import { bundleWorkflows } from '../../workers/bundle.ts';
import { bundlePathOf } from './crew.ts';
import { openLane } from './lane.ts';
import { createSequenceRunner } from './run-sequence.ts';
import { describeReplay, readSeeds } from './seeds.ts';
import { createTally } from './tally.ts';

/*
 * Random lives of machines, against real servers, workers, bridges and hosts that run the plans; after every step the
 * rules of system.md section 7 and of docs/lifecycle.md are checked for every state that any object ever had, and at the
 * end everything must have come to rest, and the journal must tell it as it was. Cluster API's managers do not run: they
 * would cost more than all the rest.
 */

const { seeds, lanes: laneCount } = readSeeds(process.env);
const SECONDS_EACH = 30;
/** Works in a namespace of Temporal in which search attributes are missing. */
const LANE_MISTYPED = 1;
/** In every other lane so many hosts may be at a reprovision plan at a time. */
const SLOTS = 2;
const MISTYPED_NAMESPACE = 'mistyped';

function mistyped({ temporal, ...cluster }: ManagementCluster) {
  return { ...cluster, temporal: { ...temporal, namespace: MISTYPED_NAMESPACE } };
}

let cluster: ManagementCluster;
let journal: JournalAddress;
const opened = new AsyncDisposableStack();

beforeAll(async () => {
  cluster = await startManagementCluster({ components: { capi: false, controllerManager: false } });
  opened.defer(() => cluster.stop());
  await registerMistypedNamespace(cluster.temporal.address, MISTYPED_NAMESPACE);
  const database = await startJournalDatabase();
  opened.defer(() => database.close());
  journal = await database.create('lives');
  const { code } = await bundleWorkflows(new AbortController().signal);
  await writeFile(bundlePathOf(cluster), code);
  const client = createKubeClient({ kubeconfigPath: cluster.kubeconfigs.admin, userAgent: 'ironloom-model' });
  await applyCrds(client, await standAloneCrds(['clusters', 'machines']));
  await client.close();
});

afterAll(() => opened.disposeAsync());

test(
  `${seeds.length} random sequences keep the rules and come to rest`,
  async () => {
    const [first = 0] = seeds;
    console.log(`Seeds ${first} to ${seeds.at(-1)} in ${laneCount} lanes. One again: ${describeReplay(first)}`);
    const tally = createTally();
    const failures: string[] = [];
    const begunAtMs = performance.now();
    const waiting = seeds.values();
    let ended = 0;
    const runLane = async (number: number): Promise<void> => {
      const slotLimit = number % 2 === 0 ? SLOTS : undefined;
      const options = { namespace: `lives${number}`, slotLimit, journal };
      const lane = await openLane(number === LANE_MISTYPED ? mistyped(cluster) : cluster, options);
      opened.defer(() => lane.close());
      const runner = createSequenceRunner(lane, tally);
      for (const seed of waiting) {
        await runner.run(seed);
        ended += 1;
        if (failures.length > 0) return;
      }
    };
    const running = Array.from({ length: laneCount }, (_, number) =>
      runLane(number).catch((error: unknown) => {
        failures.push(error instanceof Error ? error.message : String(error));
      }),
    );
    await Promise.all(running);
    const seconds = Math.round((performance.now() - begunAtMs) / 1_000);
    console.log(`${ended} sequences in ${seconds} s\n${tally.render()}`);
    expect(failures.join('\n\n')).toBe('');
    expect(ended).toBe(seeds.length);
  },
  (60 + seeds.length * SECONDS_EACH) * 1_000,
);
