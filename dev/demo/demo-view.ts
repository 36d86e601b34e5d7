import { ANNOTATION_PREFIX, annotations, type MachinePhase } from '../../api/constants.ts';
import type { CapiMachine } from '../../api/cluster-api.ts';
import type { MachineInventory } from '../../api/inventory.ts';
import type { BaremetalMachine } from '../../api/machine.ts';
import type { MachineInventoryPool } from '../../api/pool.ts';
import { viewMachine } from '../../domain/inputs/machine-view.ts';
import type { StoreItem } from '../../runtime/kube/cache/informer.ts';

/** One `BaremetalMachine` as the demo shows it. */
export interface MachineRow extends StoreItem {
  uid: string;
  creationTimestamp: string;
  phase: MachinePhase | undefined;
  host: string | undefined;
  providerID: string | undefined;
  /** Name of its CAPI Machine. */
  ownerMachine: string | undefined;
  /** What the machine says it waits for; '' when for nothing. */
  waitsFor: string;
}

/** The Machine of Cluster API over a `BaremetalMachine`. */
export interface CapiMachineRow extends StoreItem {
  phase: string | undefined;
  node: string | undefined;
}

/** One host by its inventory. */
export interface HostRow extends StoreItem {
  /** Annotation `allocation-state`. */
  state: string | undefined;
  /** Annotation `pool`. */
  pool: string | undefined;
  /** Annotation `owner-baremetalmachine`. */
  owner: string | undefined;
  /** Names of all annotations that tell of an owner. */
  ownerAnnotations: string[];
}

export const poolCounters = ['available', 'allocated', 'reprovisioning', 'preparing', 'unavailable', 'total'] as const;
export type PoolCounter = (typeof poolCounters)[number];

export interface PoolRow extends StoreItem {
  members: string[];
  counters: Record<PoolCounter, number>;
}

/** A machine with what else is known of it. */
export interface ShownMachine extends MachineRow {
  capiPhase: string | undefined;
  node: string | undefined;
  /** When the phase was first seen, in epoch milliseconds. */
  phaseSinceMs: number;
}

/** All that the demo shows, at one moment. */
export interface DemoView {
  /** Oldest first. */
  machines: ShownMachine[];
  /** Machines that were there and went, as they were seen last. */
  gone: MachineRow[];
  /** In the pool's order of preference. */
  hosts: HostRow[];
  pool: PoolRow | undefined;
}

export function projectMachine(machine: BaremetalMachine): MachineRow {
  const { namespace, name, uid, resourceVersion, creationTimestamp, phase, inventory, providerID, ownerMachine } =
    viewMachine(machine);
  const object = { namespace, name, uid, resourceVersion, creationTimestamp };
  return { ...object, phase, host: inventory, providerID, ownerMachine, waitsFor: readWait(machine) };
}

/** `Ready` names the obstacle; a machine that is Ready may still lack its Node. */
function readWait({ status }: BaremetalMachine): string {
  const conditions = status?.conditions ?? [];
  const open = ['Ready', 'NodeJoined'].map((type) =>
    conditions.find((condition) => condition.type === type && condition.status === 'False'),
  );
  const culprit = open.find((condition) => condition !== undefined);
  return culprit === undefined ? '' : culprit.message || culprit.reason;
}

export function projectCapiMachine({ metadata, status }: CapiMachine): CapiMachineRow {
  const { namespace, name, resourceVersion } = metadata;
  return { namespace, name, resourceVersion, phase: status?.phase, node: status?.nodeRef?.name };
}

export function projectHost({ metadata }: MachineInventory): HostRow {
  const { namespace, name, resourceVersion, annotations: notes } = metadata;
  return {
    namespace,
    name,
    resourceVersion,
    state: notes[annotations.allocationState],
    pool: notes[annotations.pool],
    owner: notes[annotations.ownerBaremetalMachine],
    ownerAnnotations: Object.keys(notes).filter((note) => note.startsWith(`${ANNOTATION_PREFIX}/owner-`)),
  };
}

export function projectPool({ metadata, spec, status }: MachineInventoryPool): PoolRow {
  const { namespace, name, resourceVersion } = metadata;
  const { available = 0, allocated = 0, reprovisioning = 0, preparing = 0, unavailable = 0, total = 0 } = status ?? {};
  const counters = { available, allocated, reprovisioning, preparing, unavailable, total };
  return { namespace, name, resourceVersion, members: spec.machineInventories.map((member) => member.name), counters };
}
