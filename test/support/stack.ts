import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { inject } from 'vitest';
import { type TestProject } from 'vitest/node';
import { type ManagementClusterDescription, startManagementCluster } from '../../dev/stack/management-cluster.ts';
import { bundleWorkflows } from '../../workers/bundle.ts';

declare module 'vitest' {
  interface ProvidedContext {
    stack: ManagementClusterDescription;
    workflowBundle: string;
  }
}

/** vitest globalSetup: one management cluster for all tests of the run, stopped at its end. */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const bundling = bundleWorkflows(new AbortController().signal);
  // Awaited below; nobody listens while the cluster starts.
  bundling.catch(() => {});
  const cluster = await startManagementCluster();
  const { dir, logs, kubeconfigs, apiServerUrl, auditLogPath, temporal } = cluster;
  const workflowBundle = join(cluster.dir, 'workflow-bundle.js');
  await writeFile(workflowBundle, (await bundling).code);
  project.provide('workflowBundle', workflowBundle);
  project.provide('stack', { dir, logs, kubeconfigs, apiServerUrl, auditLogPath, temporal });
  return () => cluster.stop();
}

/** The management cluster of this test run. */
export function useStack(): ManagementClusterDescription {
  return inject('stack');
}

/** Environment of a worker that takes the workflows that this test run has bundled once. */
export function prebuiltWorkflows(): { IRONLOOM_WORKFLOW_BUNDLE: string } {
  return { IRONLOOM_WORKFLOW_BUNDLE: inject('workflowBundle') };
}
