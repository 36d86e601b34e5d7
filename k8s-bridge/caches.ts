import type { HostLabels } from '../domain/inputs/host-labels.ts';
import { foreign, IMAGE_CATALOG_NAME } from '../api/constants.ts';
import {
  baremetalClusters,
  baremetalMachines,
  baremetalMachineTemplates,
  baremetalRemediations,
  capiClusters,
  capiMachines,
  configMaps,
  machineInventories,
  machineInventoryPools,
  objectMetaOnlySchema,
  secrets,
} from '../api/resources.ts';
import { viewCapiCluster, viewCapiMachine, viewCatalog, viewSecretMeta } from '../domain/inputs/capi-view.ts';
import { viewBaremetalCluster } from '../domain/inputs/cluster-view.ts';
import { viewHost } from '../domain/inputs/host-view.ts';
import { viewMachine } from '../domain/inputs/machine-view.ts';
import { viewRemediation } from '../domain/inputs/remediation-view.ts';
import { viewPlanSecret } from '../domain/plan/secret.ts';
import { hostIndexes, machineIndexes } from '../domain/pool/indexes.ts';
import { viewTemplate } from '../domain/inputs/template-view.ts';
import { viewPool } from '../domain/inputs/pool-view.ts';
import { createInformer } from '../runtime/kube/cache/informer.ts';
import type { KubeClient } from '../runtime/kube/client.ts';
import type { Logger } from '../runtime/logger.ts';
import { triggerIndexes } from './machines/caches.ts';

export interface BridgeCacheOptions {
  client: KubeClient;
  logger: Logger;
  /** Only this namespace; undefined: all. */
  namespace: string | undefined;
  /** Which labels of an inventory tell what of its host. */
  hostLabels: HostLabels;
  /** Only objects of our kinds that carry this value of CAPI's watch-filter label; undefined: all. */
  watchFilter: string | undefined;
}

/**
 * All informers of the bridge. They keep small views and nothing secret: of plan Secrets checksums and counts, of
 * bootstrap Secrets the metadata, which is all that the API server sends. A kind whose CRD is not installed yet is
 * listed again and again until it is.
 */
export function createBridgeCaches(options: BridgeCacheOptions) {
  const { client, logger, namespace, hostLabels, watchFilter } = options;
  const common = { client, logger, namespace };
  const ours = {
    ...common,
    labelSelector: watchFilter === undefined ? undefined : `${foreign.watchFilterLabel}=${watchFilter}`,
  };
  return {
    machines: createInformer({
      ...ours,
      resource: baremetalMachines,
      project: (raw) => viewMachine(baremetalMachines.schema.parse(raw)),
      indexes: { ...machineIndexes, ...triggerIndexes.machines },
    }),
    pools: createInformer({
      ...ours,
      resource: machineInventoryPools,
      project: (raw) => viewPool(machineInventoryPools.schema.parse(raw)),
    }),
    templates: createInformer({
      ...ours,
      resource: baremetalMachineTemplates,
      project: (raw) => viewTemplate(baremetalMachineTemplates.schema.parse(raw)),
    }),
    clusters: createInformer({
      ...ours,
      resource: baremetalClusters,
      project: (raw) => viewBaremetalCluster(baremetalClusters.schema.parse(raw)),
      indexes: triggerIndexes.clusters,
    }),
    remediations: createInformer({
      ...common,
      resource: baremetalRemediations,
      project: (raw) => viewRemediation(baremetalRemediations.schema.parse(raw)),
    }),
    capiMachines: createInformer({
      ...common,
      resource: capiMachines,
      project: (raw) => viewCapiMachine(capiMachines.schema.parse(raw)),
      indexes: triggerIndexes.capiMachines,
    }),
    capiClusters: createInformer({
      ...common,
      resource: capiClusters,
      project: (raw) => viewCapiCluster(capiClusters.schema.parse(raw)),
    }),
    hosts: createInformer({
      ...common,
      resource: machineInventories,
      project: (raw) => viewHost(machineInventories.schema.parse(raw), hostLabels),
      indexes: hostIndexes,
    }),
    planSecrets: createInformer({
      ...common,
      resource: secrets,
      fieldSelector: `type=${foreign.planSecretType}`,
      project: (raw) => viewPlanSecret(secrets.schema.parse(raw)),
    }),
    bootstrapSecrets: createInformer({
      ...common,
      resource: secrets,
      fieldSelector: `type=${foreign.clusterSecretType}`,
      metadataOnly: true,
      project: (raw) => viewSecretMeta(objectMetaOnlySchema.parse(raw)),
    }),
    catalogs: createInformer({
      ...common,
      resource: configMaps,
      fieldSelector: `metadata.name=${IMAGE_CATALOG_NAME}`,
      project: (raw) => viewCatalog(configMaps.schema.parse(raw)),
    }),
  };
}

/** One informer a kind, by what the bridge calls it. */
export type BridgeCaches = ReturnType<typeof createBridgeCaches>;

/** The caches that have not listed their kind yet; empty: everything is known. */
export function unsyncedCaches(caches: BridgeCaches): string[] {
  return Object.entries(caches).flatMap(([name, informer]) => (informer.hasSynced() ? [] : [name]));
}
