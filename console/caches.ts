import { foreign } from '../api/constants.ts';
import {
  baremetalMachines,
  machineInventories,
  machineInventoryPools,
  objectMetaOnlySchema,
  secrets,
} from '../api/resources.ts';
import type { HostLabels } from '../domain/inputs/host-labels.ts';
import { type HostView, viewHost } from '../domain/inputs/host-view.ts';
import { type MachineView, viewWaitingMachine } from '../domain/inputs/machine-view.ts';
import { viewPool } from '../domain/inputs/pool-view.ts';
import { foreignPlanTypeOf } from '../domain/plan/secret.ts';
import { hostIndexes, machineIndexes } from '../domain/pool/indexes.ts';
import { explainMachine } from '../domain/report/explain/explain-machine.ts';
import type { MachineTold } from '../domain/report/fleet/fleet-cell.ts';
import type { KubeClient } from '../runtime/kube/client.ts';
import { createInformer } from '../runtime/kube/cache/informer.ts';
import type { Logger } from '../runtime/logger.ts';

export interface CacheOptions {
  client: KubeClient;
  logger: Logger;
  /** Only this namespace; undefined: all. */
  namespace: string | undefined;
  hostLabels: HostLabels;
  /** Only pools that carry this value of CAPI's watch-filter label; undefined: all. */
  watchFilter: string | undefined;
}

/** A machine with what its explanation says in short, so that its object need not be kept. */
interface SeenMachine extends MachineView {
  told: MachineTold;
}

/** The informers of the console. Of plan Secrets it asks for nothing but metadata; who has no right to it goes without. */
export function createConsoleCaches({ client, logger, namespace, hostLabels, watchFilter }: CacheOptions) {
  const common = { client, logger, namespace };
  return {
    // Also those of other installations: they have their hosts.
    machines: createInformer({
      ...common,
      resource: baremetalMachines,
      project: (raw) => seeMachine(raw, watchFilter),
      indexes: { ...machineIndexes, uid: ({ uid }: MachineView) => uid },
    }),
    pools: createInformer({
      ...common,
      labelSelector: watchFilter === undefined ? undefined : `${foreign.watchFilterLabel}=${watchFilter}`,
      resource: machineInventoryPools,
      project: (raw) => viewPool(machineInventoryPools.schema.parse(raw)),
    }),
    hosts: createInformer({
      ...common,
      resource: machineInventories,
      project: (raw) => viewHost(machineInventories.schema.parse(raw), hostLabels),
      indexes: { ...hostIndexes, owner: ({ owner }: HostView) => owner?.uid },
    }),
    planSecrets: createInformer({
      ...common,
      resource: secrets,
      fieldSelector: `type=${foreign.planSecretType}`,
      metadataOnly: true,
      project: (raw) => seePlanSecret(raw),
    }),
  };
}

export type ConsoleCaches = ReturnType<typeof createConsoleCaches>;

/** The caches without which there is no picture and that have not listed their kind yet. */
export function unsyncedCaches({ machines, pools, hosts }: ConsoleCaches): string[] {
  return Object.entries({ machines, pools, hosts }).flatMap(([name, cache]) => (cache.hasSynced() ? [] : [name]));
}

function seeMachine(raw: unknown, watchFilter: string | undefined): SeenMachine {
  const machine = baremetalMachines.schema.parse(raw);
  const { reason, since, stuck } = explainMachine(machine, 'unknown');
  return { ...viewWaitingMachine(machine, watchFilter), told: { reason, since, stuck } };
}

function seePlanSecret(raw: unknown) {
  const { metadata } = objectMetaOnlySchema.parse(raw);
  const { namespace, name, uid, resourceVersion, annotations } = metadata;
  return { namespace, name, uid, resourceVersion, foreignPlanType: foreignPlanTypeOf(annotations) };
}
