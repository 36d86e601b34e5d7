import { once } from 'node:events';
import { parseArgs } from 'node:util';
import { describeExports } from './demo/journal.ts';
import { startStage, temporalRunsUrl } from './demo/stage.ts';
import { type ManagementCluster, startManagementCluster } from './stack/management-cluster.ts';
import { ProcessNotReadyError } from './process/ready.ts';
import { ToolBuildError } from './tools/go.ts';

const USAGE = `Usage: npm run dev -- [--bare]
Starts a management cluster with the hosts of config/samples, worker, bridge, fleet map and journal, until Ctrl-C.
  --bare  the management cluster alone: no hosts, no worker, no bridge, no journal`;

/** Says how to reach what runs, until somebody ends it. */
async function stay(
  cluster: ManagementCluster,
  { exports = [], more }: { exports?: readonly string[]; more: readonly string[] },
  ended: Promise<unknown>,
): Promise<void> {
  console.log(`  export KUBECONFIG=${cluster.kubeconfigs.admin}`);
  console.log(`  export TEMPORAL_ADDRESS=${cluster.temporal.address}`);
  for (const line of exports) console.log(`  ${line}`);
  console.log(`  Temporal UI   ${temporalRunsUrl(cluster)}`);
  console.log(`  Logs          ${cluster.logs}`);
  console.log(`  Audit log     ${cluster.auditLogPath}`);
  for (const line of more) console.log(`  ${line}`);
  console.log('Press Ctrl-C to stop it and to remove all it wrote.');
  // A pending promise alone does not keep a process alive.
  const keepAlive = setInterval(() => undefined, 60_000);
  await ended;
  clearInterval(keepAlive);
  console.log('Stopping …');
}

async function runBare(ended: Promise<unknown>): Promise<void> {
  const startedAt = performance.now();
  await using cluster = await startManagementCluster();
  console.log(`Management cluster is up after ${((performance.now() - startedAt) / 1000).toFixed(1)} s`);
  await stay(cluster, { more: ['No hosts, worker or bridge run; without --bare they do'] }, ended);
}

async function runAll(ended: Promise<unknown>): Promise<void> {
  await using closing = new AsyncDisposableStack();
  const ending = new AbortController();
  const broken = Promise.withResolvers<never>();
  // Heard below, or not at all when everything ends well.
  broken.promise.catch(() => {});
  const interrupted = ended.then(() => ending.abort(new Error('Ended while it started')));
  const onBroken = (error: Error): void => broken.reject(error);
  const start = startStage({ closing, signal: ending.signal, say: console.log, onBroken });
  const stage = await start.catch((error: unknown) => {
    if (ending.signal.aborted) return undefined;
    throw error;
  });
  if (stage === undefined) return;
  const { cluster, site, mapUrl, journal } = stage;
  const more = [
    `Fleet map     ${mapUrl}`,
    `Hosts         ${site.hosts.join(', ')} in namespace ${site.namespace}`,
    'Guide         kubectl apply -f config/samples, then docs/guides/node-management.md',
  ];
  await stay(cluster, { exports: describeExports(journal), more }, Promise.race([interrupted, broken.promise]));
}

const ended = Promise.race(['SIGINT', 'SIGTERM', 'SIGHUP'].map((signal) => once(process, signal)));
try {
  const { values } = parseArgs({ options: { bare: { type: 'boolean' }, help: { type: 'boolean', short: 'h' } } });
  if (values.help === true) console.log(USAGE);
  else await (values.bare === true ? runBare(ended) : runAll(ended));
} catch (error) {
  const isExpected = error instanceof ToolBuildError || error instanceof ProcessNotReadyError;
  console.error(isExpected ? error.message : error);
  process.exitCode = 1;
}
