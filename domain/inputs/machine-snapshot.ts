import { type Boot, boots } from './boot-sight.ts';

/**
 * What the bridge tells a machine's workflow: the inputs of its decisions, as names, uids and flags, never content.
 * Level-triggered: a snapshot is the whole truth of its moment, and only the newest one counts.
 */
export interface MachineSnapshot {
  /** The object has a deletionTimestamp. */
  deleting: boolean;
  /** The object is gone without our finalizer having been removed by us. */
  gone: boolean;
  /** clusterctl moves the cluster elsewhere: the host must not be touched. */
  deletedForMove: boolean;
  /** The Cluster is paused, or the object carries CAPI's paused annotation. */
  paused: boolean;
  /** Somebody took our finalizer away after we had added it. */
  finalizerLost: boolean;
  /** The host that the machine names is not in the API server (after a move, or deleted). */
  hostMissing: boolean;
  /** What else is wrong with the host that the machine holds; absent: nothing. The run looks itself. */
  hostTrouble?: HostTrouble;
  /** The host that the machine names is recorded as somebody else's; absent: it is not. */
  hostInUse?: true;
  /** When somebody else than a run wrote to the machine's status last (RFC 3339); absent: nobody. */
  statusEditedAt?: string;
  /** Which image the host of a provisioned machine has booted; absent: it has not told. It says so itself: to be shown only. */
  boot?: Boot;
  /** Number of the reboot plan after which it booted that image; absent: `boot` followed no reboot plan. */
  rebooted?: number;
  /** CAPI Machine of the same cluster that has a Node of the name under which the machine's host registers; absent: none has. */
  nodeNameTakenBy?: string;
  /** What the object says for which the machine waits by its own status; absent: it does not wait, or nothing is said. To be shown only. */
  waitsFor?: string;
  /** Its place among the machines that wait for a slot; absent: it does not wait, or it is its turn. */
  queued?: string;
  /** Name of the `MachineInventoryPool`. */
  pool: string;
  /** The CAPI Machine that owns the object; null until CAPI has set the ownerRef. */
  machine: { name: string; nodeName: string | null } | null;
  /** The CAPI Cluster; null while unknown. */
  cluster: { name: string; infrastructureReady: boolean } | null;
  /** What provisioning needs; null once the machine is provisioned, so that later changes wake nobody. */
  provisioning: ProvisioningInputs | null;
}

export const hostTroubles = [
  /** The inventory is there and cannot be read: a field has another shape than its API promises. */
  'unreadable',
  /** The inventory is there and does not record the machine as its user: lost and registered anew, or taken. */
  'lost',
  /** Somebody else wants the host: it is being deleted (reset), a selector owns it, or a plan of theirs stands in its Secret. */
  'taken',
] as const;
export type HostTrouble = (typeof hostTroubles)[number];

export interface ProvisioningInputs {
  /** `Machine.spec.version`. */
  version: string | null;
  /** `Machine.spec.bootstrap.dataSecretName`, once it is set and the Secret exists. */
  bootstrapSecret: string | null;
  /** resourceVersions of that Secret and of the host, and the host's name in the pool, while one of them was found unusable: so that an edit is noticed. */
  bootstrapRevision: string | null;
  /** `Machine.spec.failureDomain`; absent: any will do. The claim reads it itself: a change is worth another try. */
  failureDomain?: string;
  /** The image that the catalog gives now (and what the run reported instead, if it did), or the reason why there is none. */
  image: string;
}

/** Identifies one `BaremetalMachine` object for its whole life. */
export interface MachineRef {
  namespace: string;
  name: string;
  uid: string;
}

/** The snapshot that the bridge will send once the machine is provisioned and nothing else has changed. */
export function settleSnapshot(snapshot: MachineSnapshot): MachineSnapshot {
  return { ...snapshot, provisioning: null };
}

/** Equality of content; key order is the one of the literal in the bridge. */
export function sameSnapshot(a: MachineSnapshot, b: MachineSnapshot): boolean {
  return canonicalSnapshot(a) === canonicalSnapshot(b);
}

/** The snapshot as text with a fixed order of keys. */
export function canonicalSnapshot(snapshot: MachineSnapshot): string {
  const { machine, cluster, provisioning } = snapshot;
  return JSON.stringify([
    snapshot.deleting,
    snapshot.gone,
    snapshot.deletedForMove,
    snapshot.paused,
    snapshot.finalizerLost,
    snapshot.hostMissing,
    snapshot.pool,
    machine && [machine.name, machine.nodeName],
    cluster && [cluster.name, cluster.infrastructureReady],
    provisioning && [
      provisioning.version,
      provisioning.bootstrapSecret,
      provisioning.bootstrapRevision,
      provisioning.image,
      ...(provisioning.failureDomain === undefined ? [] : [provisioning.failureDomain]),
    ],
    // Only where there is some: the fingerprint of all others is the one of before these fields.
    ...(snapshot.hostTrouble === undefined ? [] : [snapshot.hostTrouble]),
    ...(snapshot.hostInUse === undefined ? [] : ['hostInUse']),
    ...(snapshot.statusEditedAt === undefined ? [] : [snapshot.statusEditedAt]),
    ...(snapshot.boot === undefined ? [] : [{ boot: snapshot.boot }]),
    ...(snapshot.rebooted === undefined ? [] : [{ rebooted: snapshot.rebooted }]),
    ...(snapshot.nodeNameTakenBy === undefined ? [] : [{ nodeNameTakenBy: snapshot.nodeNameTakenBy }]),
    ...(snapshot.waitsFor === undefined ? [] : [{ waitsFor: snapshot.waitsFor }]),
    ...(snapshot.queued === undefined ? [] : [{ queued: snapshot.queued }]),
  ]);
}

/** Whether a signal's payload is a snapshot: whoever can reach Temporal can send one by hand. */
export function isSnapshot(value: unknown): value is MachineSnapshot {
  if (!isRecord(value)) return false;
  const { machine, cluster, provisioning } = value;
  const flags = ['deleting', 'gone', 'deletedForMove', 'paused', 'finalizerLost', 'hostMissing'] as const;
  return (
    flags.every((flag) => typeof value[flag] === 'boolean') &&
    (value['hostTrouble'] === undefined || hostTroubles.some((trouble) => trouble === value['hostTrouble'])) &&
    (value['hostInUse'] === undefined || value['hostInUse'] === true) &&
    (value['statusEditedAt'] === undefined || isText(value['statusEditedAt'])) &&
    (value['boot'] === undefined || boots.some((boot) => boot === value['boot'])) &&
    (value['rebooted'] === undefined || typeof value['rebooted'] === 'number') &&
    (value['nodeNameTakenBy'] === undefined || isText(value['nodeNameTakenBy'])) &&
    (value['waitsFor'] === undefined || isText(value['waitsFor'])) &&
    (value['queued'] === undefined || isText(value['queued'])) &&
    typeof value['pool'] === 'string' &&
    (machine === null || (isRecord(machine) && isText(machine['name']) && isTextOrNull(machine['nodeName']))) &&
    (cluster === null ||
      (isRecord(cluster) && isText(cluster['name']) && typeof cluster['infrastructureReady'] === 'boolean')) &&
    (provisioning === null ||
      (isRecord(provisioning) &&
        isTextOrNull(provisioning['version']) &&
        isTextOrNull(provisioning['bootstrapSecret']) &&
        isTextOrNull(provisioning['bootstrapRevision']) &&
        (provisioning['failureDomain'] === undefined || isText(provisioning['failureDomain'])) &&
        isText(provisioning['image'])))
  );
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isText(value: unknown): value is string {
  return typeof value === 'string';
}

function isTextOrNull(value: unknown): value is string | null {
  return value === null || isText(value);
}
