import { test } from 'vitest';
import { machineInventoryPools } from '../../api/resources.ts';
import { deployCluster } from './clusters.ts';
import { openOwnershipLedger } from './ownership-ledger.ts';
import { recordObjects } from './object-recorder.ts';
import { type Site, type SiteOptions, startSite } from './site.ts';
import { useStack } from './stack.ts';

export interface SiteTestOptions extends Omit<SiteOptions, 'replicas'> {
  /** Default 0: its Cluster is there, without machines. More: the file deploys the samples, with so many machines, itself. */
  replicas?: number;
}

/**
 * The `test` of a file that needs a namespace with hosts, worker and bridge: one `site` for all its tests and hooks, which
 * ends with the file, and a `ledger` that knows all that happened to the hosts from the beginning on.
 */
export function siteTest(label: string, { replicas = 0, ...options }: SiteTestOptions) {
  return test
    .extend('cluster', { scope: 'file' }, () => options.cluster ?? useStack())
    .extend('site', { scope: 'file' }, async ({ cluster }, { onCleanup }) => {
      const site = await startSite(label, { ...options, cluster, replicas });
      onCleanup(() => site.close());
      if (replicas === 0) await deployCluster(site, cluster);
      return site;
    })
    .extend('ledger', { scope: 'file', auto: true }, async ({ site }, { onCleanup }) => {
      const ledger = await openOwnershipLedger(site);
      onCleanup(() => ledger.stop());
      return ledger;
    });
}

/** For `siteTest(…).extend('pools', { scope: 'file', auto: true }, recordPools)`: every state that a pool of the site had. */
export async function recordPools(
  { site }: { site: Site },
  { onCleanup }: { onCleanup: (end: () => Promise<void>) => void },
) {
  const recorder = await recordObjects(site, machineInventoryPools);
  onCleanup(() => recorder.stop());
  return recorder;
}
