import { openAccess, type Access } from '../../console/access.ts';
import { readAssets } from '../../console/assets.ts';
import { createConsoleCaches } from '../../console/caches.ts';
import { createDescriber } from '../../console/describe-objects.ts';
import { type FleetSight, watchFleet } from '../../console/fleet-sight.ts';
import { createJournalSight } from '../../console/journal-sight.ts';
import { createRunSight } from '../../console/run-sight.ts';
import { startConsoleServer } from '../../console/server.ts';
import type { JournalAddress } from '../../journal/connection.ts';
import type { KubeClient } from '../../runtime/kube/client.ts';
import { silentLogger } from '../runtime/kube/fake-api-server.ts';
import { hostLabels } from '../support/host-labels.ts';

/** A console in this process, without Temporal. */
export interface RunningConsole extends AsyncDisposable {
  url: string;
  sight: FleetSight;
}

export interface RunningOptions {
  client: KubeClient;
  access?: Access;
  instance?: string;
  beatMs?: number;
  /** Default: there is no journal. */
  journal?: JournalAddress;
  /** Default: now. */
  nowMs?: () => number;
}

/** Resolves when there is a whole picture. */
export async function runConsole(options: RunningOptions): Promise<RunningConsole> {
  const { client, access = openAccess, journal: address, nowMs = Date.now, ...rest } = options;
  const logger = silentLogger;
  const caches = createConsoleCaches({ client, logger, namespace: undefined, hostLabels, watchFilter: undefined });
  const runs = createRunSight(() => undefined);
  const sight = watchFleet(caches, runs);
  const runsUrl = 'http://temporal.example/namespaces/default/workflows';
  const journal = createJournalSight({ address, logger, nowMs });
  const server = await startConsoleServer({
    address: { host: '127.0.0.1', port: 0 },
    assets: await readAssets(),
    sight,
    describer: createDescriber({ client, caches, sight, runs, runsUrl, logger }),
    journal,
    access,
    instance: 'test',
    logger,
    ...rest,
  });
  const listed = new Promise<void>((resolve) => void sight.onChange(() => resolve()));
  const informers = Object.values(caches);
  for (const informer of informers) informer.start();
  await listed;
  return {
    url: `http://127.0.0.1:${server.port}`,
    sight,
    async [Symbol.asyncDispose]() {
      await server.close();
      await journal.close();
      sight.stop();
      await Promise.all(informers.map((informer) => informer.stop()));
    },
  };
}
