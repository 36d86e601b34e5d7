import { createHash } from 'node:crypto';
import { reasons } from '../../api/conditions.ts';
import { inventoryOfProviderId } from '../../api/constants.ts';
import type { CapiClusterView, CapiMachineView, CatalogView, SecretMetaView } from './capi-view.ts';
import { findBoot } from './boot-sight.ts';
import { findHostTrouble, type HostSight } from './host-trouble.ts';
import { resolveImage } from './image-resolution.ts';
import type { MachineSnapshot, ProvisioningInputs } from './machine-snapshot.ts';
import type { MachineView } from './machine-view.ts';

/** What stands around a machine in the caches; undefined: not there. */
export interface MachineSurroundings {
  /** The CAPI Machine that `view.ownerMachine` names. */
  machine: CapiMachineView | undefined;
  cluster: CapiClusterView | undefined;
  /** The Cluster is there and cannot be read: whether it is paused is not known, so it counts as that. */
  clusterUnreadable: boolean;
  /** The Secret that the CAPI Machine names. */
  bootstrapSecret: SecretMetaView | undefined;
  /** The image catalog of the machine's namespace. */
  catalog: CatalogView | undefined;
  /** The provider's registry, for clusters that name none. */
  defaultRegistry: string | undefined;
  findHost: (inventoryName: string) => HostSight;
  /** The name that the machine's pool gives a host. */
  findHostname: (inventoryName: string) => string | undefined;
  /** Another CAPI Machine of the cluster that has the Node of that name and keeps it. Absent: there is none. */
  findNodeOwner?: (nodeName: string) => string | undefined;
  /** Its place among the machines that wait for a slot. Absent: it does not wait, or it is its turn. */
  queued?: string | undefined;
  /** Addresses of the other hosts of the machine's pool. Absent: there are none. */
  neighbourAddresses?: () => readonly string[];
}

/**
 * Reduces a machine and what stands around it to the inputs of its workflow. Pure and deterministic: equal inputs give
 * equal fingerprints, and what a machine in its present stage does not depend on changes nothing.
 */
export function buildSnapshot(view: MachineView, around: MachineSurroundings): MachineSnapshot {
  const { machine, cluster } = around;
  const host = hostNameOf(view);
  const sight = host === undefined ? undefined : around.findHost(host);
  const hostTrouble = sight && findHostTrouble(view, sight);
  const boot = findBoot(view, sight);
  return {
    deleting: view.deleting,
    gone: false,
    deletedForMove: view.deletedForMove,
    paused: view.pausedByAnnotation || cluster?.paused === true || around.clusterUnreadable,
    finalizerLost: isFinalizerLost(view),
    hostMissing: sight?.kind === 'missing',
    ...(hostTrouble !== undefined && { hostTrouble }),
    ...(hostTrouble === 'lost' && isUsedByOther(view, sight) && { hostInUse: true }),
    ...(view.phase !== undefined && view.statusEditedAt !== undefined && { statusEditedAt: view.statusEditedAt }),
    ...(boot !== undefined && { boot, ...noteReboot(sight) }),
    ...findNamesake(view, around),
    ...hearWaitedFor(view, around),
    ...(view.waitsForSlot && !view.deleting && around.queued !== undefined && { queued: around.queued }),
    pool: view.pool,
    machine: view.ownerMachine === undefined ? null : { name: view.ownerMachine, nodeName: machine?.nodeName ?? null },
    cluster: cluster === undefined ? null : { name: cluster.name, infrastructureReady: cluster.infrastructureReady },
    provisioning: view.provisioned || view.deleting ? null : collectProvisioningInputs(view, around),
  };
}

/** The host that a machine names: by providerID, else by its status. */
export function hostNameOf({ providerID, inventory }: MachineView): string | undefined {
  return (providerID === undefined ? undefined : inventoryOfProviderId(providerID)) ?? inventory;
}

/** The Cluster of a machine: by label, else as its CAPI Machine says. */
export function clusterNameOf(view: MachineView, machine: CapiMachineView | undefined): string | undefined {
  return view.clusterName ?? machine?.clusterName;
}

/**
 * What was seen last of a machine that goes. Its own word that it is paused counts, too: nobody but its run knows of an
 * operator's pause.
 */
export function lastSnapshot(view: MachineView, around: MachineSurroundings): MachineSnapshot {
  const snapshot = buildSnapshot(view, around);
  return { ...snapshot, paused: snapshot.paused || view.reportsPaused };
}

/**
 * The snapshot of an object that is gone: what was seen of it last, so that a pause or a move still counts.
 * Without `lastSeen` only `gone` means anything.
 */
export function goneSnapshot(lastSeen: MachineSnapshot | undefined): MachineSnapshot {
  return { ...(lastSeen ?? unknownSnapshot), gone: true };
}

const unknownSnapshot: MachineSnapshot = {
  deleting: false,
  gone: true,
  deletedForMove: false,
  paused: false,
  finalizerLost: false,
  hostMissing: false,
  pool: '',
  machine: null,
  cluster: null,
  provisioning: null,
};

function noteReboot(sight: HostSight | undefined): Pick<MachineSnapshot, 'rebooted'> {
  const rebooted = sight?.kind === 'found' ? sight.plan?.boot?.reboot : undefined;
  return rebooted === undefined ? {} : { rebooted };
}

/** A machine without an owner never had our finalizer, though its status may already say that it waits. */
function isFinalizerLost(view: MachineView): boolean {
  return view.phase !== undefined && view.ownerMachine !== undefined && !view.deleting && !view.hasFinalizer;
}

/** The image, told apart from the same one of before the run reported that it found none. */
function withRefusal(image: string, reported: string | undefined): string {
  return reported === undefined ? image : `${image} after ${reported}`;
}

function collectProvisioningInputs(view: MachineView, around: MachineSurroundings): ProvisioningInputs {
  const { machine, cluster, bootstrapSecret, catalog, defaultRegistry } = around;
  const image = resolveImage({
    catalog: catalog?.images,
    version: machine?.version,
    clusterRegistry: cluster?.registry,
    defaultRegistry,
  });
  const host = hostNameOf(view);
  const contentRefused = view.bootstrapReason !== undefined && view.bootstrapReason !== reasons.BootstrapWaiting;
  return {
    version: machine?.version ?? null,
    bootstrapSecret: bootstrapSecret?.name ?? null,
    // The network of the host, its name in the pool, and an address that another one has, are refused under the same
    // reason: an edit of each is worth another try.
    bootstrapRevision: contentRefused
      ? [bootstrapSecret?.resourceVersion, host && revisionOf(around.findHost(host)), host && around.findHostname(host)]
          .map(String)
          .join(' ') + neighbourhoodOf(around)
      : null,
    ...(machine?.failureDomain !== undefined && { failureDomain: machine.failureDomain }),
    // A catalog that changed there and back was perhaps read in between: then it is worth another try.
    image:
      image.kind === 'unresolved' ? `${image.reason}: ${image.message}` : withRefusal(image.image, view.imageReason),
  };
}

/** Of a machine that has no Node although its host has applied its plan. */
function findNamesake(
  { provisioned, deleting, nodeName }: MachineView,
  { machine, findNodeOwner }: MachineSurroundings,
): Pick<MachineSnapshot, 'nodeNameTakenBy'> {
  if (!provisioned || deleting || nodeName === undefined) return {};
  if (machine === undefined || machine.nodeName !== undefined) return {};
  const owner = findNodeOwner?.(nodeName);
  return owner === undefined ? {} : { nodeNameTakenBy: owner };
}

/** Only of a machine that says that it waits, while it does: what ends the wait is the same change without these words. */
function hearWaitedFor(view: MachineView, around: MachineSurroundings): Pick<MachineSnapshot, 'waitsFor'> {
  const words = view.deleting ? undefined : findWordsOfWaitedFor(view, around);
  return words === undefined ? {} : { waitsFor: words };
}

function findWordsOfWaitedFor(
  { hostReason, bootstrapReason, overdue }: MachineView,
  { machine, cluster, bootstrapSecret }: MachineSurroundings,
): string | undefined {
  if (hostReason === reasons.WaitingForClusterInfrastructure && cluster?.infrastructureReady === false) {
    return cluster.infrastructureSays;
  }
  if (bootstrapReason === reasons.BootstrapWaiting && bootstrapSecret === undefined) return machine?.bootstrapSays;
  return overdue === 'node' && machine?.nodeName === undefined ? machine?.nodeSays : undefined;
}

function isUsedByOther({ uid }: MachineView, sight: HostSight | undefined): boolean {
  return sight?.kind === 'found' && sight.host.owner !== undefined && sight.host.owner.uid !== uid;
}

function neighbourhoodOf({ neighbourAddresses }: MachineSurroundings): string {
  const addresses = neighbourAddresses?.() ?? [];
  if (addresses.length === 0) return '';
  return ` ${createHash('sha256').update(addresses.toSorted().join()).digest('hex').slice(0, 8)}`;
}

function revisionOf(sight: HostSight): string | undefined {
  return sight.kind === 'found' ? sight.host.resourceVersion : undefined;
}
