import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import { test } from 'vitest';
import { machineInventoryPools } from '../../api/resources.ts';
import type { ManagementClusterDescription } from '../../dev/stack/management-cluster.ts';
import { deployCluster } from './clusters.ts';
import { type KubeGateOptions, startKubeGate } from './kube-gate.ts';
import { openOwnershipLedger } from './ownership-ledger.ts';
import { recordObjects } from './object-recorder.ts';
import { type Site, type SiteOptions, startSite } from './site.ts';
import { useStack } from './stack.ts';

export interface SiteTestOptions extends Omit<SiteOptions, 'replicas' | 'cluster'> {
  /** Default 0: its Cluster is there, without machines. More: the file deploys the samples, with so many machines, itself. */
  replicas?: number;
}

/** What a fixture of a file is given. */
export interface FileHooks {
  onCleanup: (end: () => Promise<void>) => void;
}

/**
 * The `test` of a file that needs a namespace with hosts, worker and bridge: one `site` for all its tests and hooks, which
 * ends with the file, and a `ledger` that knows all that happened to the hosts from the beginning on.
 */
export function siteTest(label: string, options: SiteTestOptions) {
  return siteTestOn(async () => useStack(), label, options);
}

/** The same on a `cluster` that is not the one which all files share, or that one with a change. */
export function siteTestOn<Cluster extends ManagementClusterDescription>(
  openCluster: (hooks: FileHooks) => Promise<Cluster>,
  label: string,
  { replicas = 0, ...options }: SiteTestOptions,
) {
  return test
    .extend('cluster', { scope: 'file' }, ({}, hooks) => openCluster(hooks))
    .extend('site', { scope: 'file' }, async ({ cluster }, { onCleanup }) => {
      const site = await startSite(label, { ...options, cluster, replicas });
      onCleanup(() => site.close());
      if (replicas === 0) await deployCluster(site, cluster);
      return site;
    })
    .extend('ledger', { scope: 'file', auto: true }, beside(openOwnershipLedger));
}

/** For `siteTestOn`: the shared cluster, whose API server the workers of the site reach through a gate. */
export function gatedStack(decide: KubeGateOptions['decide']) {
  return async ({ onCleanup }: FileHooks): Promise<ManagementClusterDescription> => {
    const stack = useStack();
    const gatedKubeconfigPath = join(stack.dir, `gate-${randomUUID()}.kubeconfig`);
    const gate = await startKubeGate({ kubeconfigPath: stack.kubeconfigs.worker, gatedKubeconfigPath, decide });
    onCleanup(() => gate.close());
    return { ...stack, kubeconfigs: { ...stack.kubeconfigs, worker: gatedKubeconfigPath } };
  };
}

/**
 * For `siteTest(…).extend('name', { scope: 'file', auto: true }, beside(open))`: what runs or is recorded beside the site,
 * from the first test of the file on to its end.
 */
export function beside<T extends { stop(): Promise<void> }>(open: (site: Site) => Promise<T>) {
  return async ({ site }: { site: Site }, { onCleanup }: FileHooks): Promise<T> => {
    const opened = await open(site);
    onCleanup(() => opened.stop());
    return opened;
  };
}

/** For `.extend('pools', { scope: 'file', auto: true }, recordPools)`: every state that a pool of the site had. */
export const recordPools = beside((site) => recordObjects(site, machineInventoryPools));
