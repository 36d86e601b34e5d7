import type { HostLabels } from '../domain/inputs/host-labels.ts';
import { foreign } from '../api/constants.ts';
import {
  baremetalMachines,
  machineInventories,
  machineInventoryPools,
  objectMetaOnlySchema,
  secrets,
} from '../api/resources.ts';
import type { GivenDependencies } from '../activities/index.ts';
import { viewHost } from '../domain/inputs/host-view.ts';
import { viewWaitingMachine } from '../domain/inputs/machine-view.ts';
import { foreignPlanTypeOf } from '../domain/plan/secret.ts';
import { claimIndexes } from '../domain/pool/indexes.ts';
import { viewPool } from '../domain/inputs/pool-view.ts';
import { createInformer } from '../runtime/kube/cache/informer.ts';
import type { KubeClient } from '../runtime/kube/client.ts';
import type { Logger } from '../runtime/logger.ts';

/** The informers from which `claimHost` chooses. Plan Secrets by their metadata only: their bodies are secret. */
export function createWorkerCaches(
  client: KubeClient,
  logger: Logger,
  options: { namespace: string | undefined; hostLabels: HostLabels; watchFilter?: string | undefined },
) {
  const { namespace, hostLabels, watchFilter } = options;
  const common = { client, logger, namespace };
  return {
    hosts: createInformer({
      ...common,
      resource: machineInventories,
      project: (raw) => viewHost(machineInventories.schema.parse(raw), hostLabels),
      indexes: claimIndexes.hosts,
    }),
    machines: createInformer({
      ...common,
      resource: baremetalMachines,
      project: (raw) => viewWaitingMachine(baremetalMachines.schema.parse(raw), watchFilter),
      indexes: claimIndexes.machines,
    }),
    pools: createInformer({
      ...common,
      resource: machineInventoryPools,
      project: (raw) => viewPool(machineInventoryPools.schema.parse(raw)),
    }),
    planSecrets: createInformer({
      ...common,
      resource: secrets,
      fieldSelector: `type=${foreign.planSecretType}`,
      metadataOnly: true,
      project: (raw) => {
        const { metadata } = objectMetaOnlySchema.parse(raw);
        const { namespace: at, name, uid, resourceVersion } = metadata;
        return { namespace: at, name, uid, resourceVersion, foreignPlanType: foreignPlanTypeOf(metadata.annotations) };
      },
    }),
  };
}

export type WorkerInformers = ReturnType<typeof createWorkerCaches>;

/** What activities see of them. */
export function cachesOf({ hosts, machines, pools, planSecrets }: WorkerInformers): GivenDependencies['caches'] {
  return {
    hosts: hosts.store,
    machines: {
      ...machines.store,
      hasSeen: (version, withinMs) => machines.hasSeen(version, withinMs),
      heardMsAgo: () => machines.heardMsAgo(),
    },
    pools: pools.store,
    planSecrets: planSecrets.store,
  };
}
