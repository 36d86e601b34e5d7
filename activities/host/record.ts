import { type AllocationState, annotations } from '../../api/constants.ts';
import type { MachineInventory } from '../../api/inventory.ts';
import type { ObjectKey } from '../../api/meta.ts';
import { machineInventories } from '../../api/resources.ts';
import { type HostOwner, type HostView, viewHost } from '../../domain/inputs/host-view.ts';
import type { MachineRef } from '../../domain/inputs/machine-snapshot.ts';
import type { ActivityDependencies } from '../step/dependencies.ts';
import type { Fence } from '../step/fence.ts';
import { findReadable } from '../step/unreadable.ts';

/** The reprovision plan that failed last on a host, and how many did in a row. */
interface FailedReprovision {
  attempt: string;
  failures: number;
}

/** The annotations of ours that a step wants on an inventory; null removes one. */
export interface HostRecord {
  state?: AllocationState;
  pool?: string;
  owner?: HostOwner | null;
  plan?: { attemptId: string; checksum: string } | null;
  /** null: the last reprovision plan succeeded. */
  failedReprovision?: FailedReprovision | null;
  /** Group of the machine whose node ran there; null: it is not known. */
  lastGroup?: string | null;
  /** Why the host is kept out of allocation. */
  quarantine?: string;
}

export type OwnedHost =
  | { kind: 'ours'; inventory: MachineInventory; host: HostView }
  | { kind: 'missing' }
  /** Somebody else owns it, or nobody. */
  | { kind: 'lost'; inventory: MachineInventory; host: HostView };

/** Reads the inventory from the API server and says whether the machine, by its uid, owns it. */
export async function readOwnedHost(
  deps: ActivityDependencies,
  machine: MachineRef,
  inventoryName: string,
): Promise<OwnedHost> {
  const inventory = await findReadable(deps, machineInventories, { namespace: machine.namespace, name: inventoryName });
  if (inventory === undefined) return { kind: 'missing' };
  const host = viewHost(inventory, deps.policy.hostLabels);
  deps.caches.hosts.upsert(host);
  return { kind: host.owner?.uid === machine.uid ? 'ours' : 'lost', inventory, host };
}

/** Writes the record, conditional on the resourceVersion that was read; nothing when it stands there already. */
export async function writeHostRecord(
  deps: ActivityDependencies,
  fence: Fence,
  host: HostView,
  record: HostRecord,
): Promise<HostView> {
  const written = await patchHostRecord(deps, fence, host, record);
  return written === undefined ? host : viewHost(written, deps.policy.hostLabels);
}

/** As `writeHostRecord`; answers the inventory as it is then, undefined when the record stood there already. */
export async function patchHostRecord(
  deps: ActivityDependencies,
  fence: Fence,
  host: HostView,
  record: HostRecord,
): Promise<MachineInventory | undefined> {
  const wanted = toAnnotations(record);
  const current = currentAnnotations(host);
  const changed = Object.fromEntries(Object.entries(wanted).filter(([key, value]) => (current[key] ?? null) !== value));
  if (Object.keys(changed).length === 0) return undefined;
  fence.assertAlive();
  const key: ObjectKey = { namespace: host.namespace, name: host.name };
  const written = await deps.kube.patch(machineInventories, key, {
    metadata: { resourceVersion: host.resourceVersion, uid: host.uid, annotations: changed },
  });
  deps.caches.hosts.upsert(viewHost(written, deps.policy.hostLabels));
  return written;
}

function toAnnotations(record: HostRecord): Record<string, string | null> {
  const { state, pool, owner, plan, failedReprovision, lastGroup, quarantine } = record;
  return {
    ...(state === undefined ? {} : { [annotations.allocationState]: state }),
    ...(pool === undefined ? {} : { [annotations.pool]: pool }),
    ...(owner === undefined ? {} : ownerAnnotations(owner)),
    ...(plan === undefined ? {} : planAnnotations(plan)),
    ...(failedReprovision === undefined ? {} : failureAnnotations(failedReprovision)),
    ...(lastGroup === undefined ? {} : { [annotations.lastGroup]: lastGroup }),
    ...(quarantine === undefined ? {} : { [annotations.quarantine]: quarantine }),
  };
}

function ownerAnnotations(owner: HostOwner | null): Record<string, string | null> {
  return {
    [annotations.ownerCluster]: owner?.cluster ?? null,
    [annotations.ownerMachine]: owner?.machine ?? null,
    [annotations.ownerBaremetalMachine]: owner?.baremetalMachine ?? null,
    [annotations.ownerUid]: owner?.uid ?? null,
  };
}

function planAnnotations(plan: { attemptId: string; checksum: string } | null): Record<string, string | null> {
  return {
    [annotations.hostPlanAttempt]: plan?.attemptId ?? null,
    [annotations.hostPlanChecksum]: plan?.checksum ?? null,
  };
}

function failureOf({ failedReprovision: attempt, failures }: HostView): FailedReprovision | null {
  return attempt === undefined ? null : { attempt, failures };
}

function failureAnnotations(failed: FailedReprovision | null): Record<string, string | null> {
  return {
    [annotations.failedReprovision]: failed?.attempt ?? null,
    [annotations.failures]: failed ? String(failed.failures) : null,
  };
}

function currentAnnotations(host: HostView): Record<string, string | null> {
  return toAnnotations({
    ...(host.allocationState === undefined ? {} : { state: host.allocationState }),
    ...(host.pool === undefined ? {} : { pool: host.pool }),
    owner: host.owner ?? null,
    plan: host.plan ?? null,
    failedReprovision: failureOf(host),
    lastGroup: host.lastGroup ?? null,
  });
}
