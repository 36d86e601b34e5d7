import { once } from 'node:events';
import { startManagementCluster } from './stack/management-cluster.ts';
import { ProcessNotReadyError } from './process/ready.ts';
import { ToolBuildError } from './tools/go.ts';

// Starts a management cluster, says how to reach it, and ends it on Ctrl-C.
const ended = Promise.race(['SIGINT', 'SIGTERM', 'SIGHUP'].map((signal) => once(process, signal)));
try {
  const startedAt = performance.now();
  await using cluster = await startManagementCluster();
  console.log(`Management cluster is up after ${((performance.now() - startedAt) / 1000).toFixed(1)} s`);
  console.log(`  export KUBECONFIG=${cluster.kubeconfigs.admin}`);
  console.log(`  Temporal      ${cluster.temporal.address}, UI ${cluster.temporal.uiUrl}`);
  console.log(`  Logs          ${cluster.logs}`);
  console.log(`  Audit log     ${cluster.auditLogPath}`);
  console.log('Press Ctrl-C to stop it and to remove all it wrote.');
  // A pending promise alone does not keep a process alive.
  const keepAlive = setInterval(() => undefined, 60_000);
  await ended;
  clearInterval(keepAlive);
  console.log('Stopping …');
} catch (error) {
  if (!(error instanceof ToolBuildError || error instanceof ProcessNotReadyError)) throw error;
  console.error(error.message);
  process.exitCode = 1;
}
