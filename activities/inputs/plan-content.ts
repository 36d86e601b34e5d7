import { reasons } from '../../api/conditions.ts';
import { foreign, providerIdOf } from '../../api/constants.ts';
import type { MachineInventory } from '../../api/inventory.ts';
import type { BaremetalMachine } from '../../api/machine.ts';
import { type HostMetaData, hostMetaData } from '../../domain/bootstrap/jinja/meta-data.ts';
import { viewHost } from '../../domain/inputs/host-view.ts';
import type { BoundHost, Obstacle } from '../../domain/life/machine-life.ts';
import type { MachineRef } from '../../domain/inputs/machine-snapshot.ts';
import type { RenderedNetwork } from '../../domain/network/config.ts';
import type { ActivityDependencies } from '../step/dependencies.ts';
import { type Bootstrap, findBootstrap, readBootstrap } from './bootstrap-data.ts';
import { type CapiOwners, findCapiOwners, readImage } from './image.ts';
import { type HostsOfPool, readNetwork } from './network.ts';

/** What a reprovision plan is made of, or all that is missing of it. */
export type PlanContent = ReadyContent | { kind: 'blocked'; obstacles: Obstacle[] };

export interface ReadyContent {
  kind: 'ready';
  bootstrap: Extract<Bootstrap, { kind: 'ready' }>;
  image: string;
  metaData: HostMetaData;
  networkConfig: string | undefined;
  /** What of the recorded network is not the host's own. */
  leftOut: readonly string[];
}

export type FoundContent = Awaited<ReturnType<typeof findContentOf>>;

/** All objects that a plan needs besides its host, read side by side: they are most of the time that this takes. */
export async function findContent(deps: ActivityDependencies, ref: MachineRef) {
  return findContentOf(deps, ref.namespace, await findCapiOwners(deps, ref));
}

/** As `findContent`, of owners that were read just now. */
export async function findContentOf(deps: ActivityDependencies, namespace: string, owners: CapiOwners) {
  const [bootstrap, image] = await Promise.all([
    findBootstrap(deps, namespace, owners.machine?.spec.bootstrap.dataSecretName),
    readImage(deps, namespace, owners),
  ]);
  return { bootstrap, image, ...owners };
}

/** Reads what tenants and hosts wrote, when all else lets the plan be written. */
export async function readContent(
  deps: ActivityDependencies,
  { bootstrap: found, image, cluster }: FoundContent,
  { machine, host, hostsOfPool }: { machine: BaremetalMachine; host: BoundHost; hostsOfPool: HostsOfPool },
  inventory: MachineInventory,
): Promise<PlanContent> {
  const { metadata } = inventory;
  const { failureDomain } = viewHost(inventory, deps.policy.hostLabels);
  const metaData = hostMetaData({
    hostname: host.hostname,
    inventory: host.inventory,
    inventoryUid: metadata.uid,
    providerID: providerIdOf(host.inventory),
    cluster: machine.metadata.labels[foreign.clusterNameLabel] ?? '',
    pool: machine.spec.machineInventoryPoolRef.name,
    labels: metadata.labels,
  });
  const [bootstrap, network] = await Promise.all([
    readBootstrap(deps, found, { metaData, failureDomain }),
    readNetwork(deps, inventory, hostsOfPool, cluster),
  ]);
  return judge({ bootstrap, network, image }, metaData, host);
}

function judge(
  { bootstrap, network, image }: { bootstrap: Bootstrap; network: RenderedNetwork; image: FoundContent['image'] },
  metaData: HostMetaData,
  { inventory }: BoundHost,
): PlanContent {
  const obstacles: Obstacle[] = [];
  if (bootstrap.kind !== 'ready') obstacles.push(bootstrap.obstacle);
  if (image.kind === 'unresolved') {
    obstacles.push({ condition: 'ImageResolved', reason: image.reason, message: image.message });
  }
  if (network.kind === 'invalid') {
    obstacles.push({
      condition: 'BootstrapReady',
      reason: reasons.BootstrapInvalid,
      message: `The network of MachineInventory ${inventory} cannot be used: ${network.message}`,
    });
  }
  if (bootstrap.kind !== 'ready' || image.kind === 'unresolved' || network.kind === 'invalid') {
    return { kind: 'blocked', obstacles };
  }
  const { yaml: networkConfig, leftOut } = network.kind === 'config' ? network : { yaml: undefined, leftOut: [] };
  return { kind: 'ready', bootstrap, image: image.image, metaData, networkConfig, leftOut };
}
