import { inject } from 'vitest';
import { type TestProject } from 'vitest/node';
import { type ManagementClusterDescription, startManagementCluster } from '../../dev/management-cluster.ts';

declare module 'vitest' {
  interface ProvidedContext {
    stack: ManagementClusterDescription;
  }
}

/** vitest globalSetup: one management cluster for all tests of the run, stopped at its end. */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const cluster = await startManagementCluster();
  const { dir, logs, kubeconfigs, apiServerUrl, auditLogPath, temporal } = cluster;
  project.provide('stack', { dir, logs, kubeconfigs, apiServerUrl, auditLogPath, temporal });
  return () => cluster.stop();
}

/** The management cluster of this test run. */
export function useStack(): ManagementClusterDescription {
  return inject('stack');
}
