import { type HostLabels, readHardware } from './host-labels.ts';
import { type AllocationState, allocationStates, annotations, foreign } from '../../api/constants.ts';
import type { MachineInventory } from '../../api/inventory.ts';
import { type HostAcceptance, readAcceptance } from './host-acceptance.ts';
import { hostAddresses } from '../network/host-addresses.ts';
import { MAX_NOTES_CHARS } from './host-notes.ts';
import { bounded, boundText, MAX_NAME, MAX_OPERATION, MAX_TOKEN, MAX_UID } from './bounded-text.ts';

/** Who uses a host, as recorded on its inventory. */
export interface HostOwner {
  cluster: string;
  machine: string;
  baremetalMachine: string;
  /** uid of the BaremetalMachine; '' on a record that lacks it. */
  uid: string;
}

/** The small part of a `MachineInventory` that bridge and worker keep in memory and decide by. */
export interface HostView {
  namespace: string;
  name: string;
  uid: string;
  resourceVersion: string;
  deleting: boolean;
  /** Condition `Ready` of elemental-operator: an agent applied something last, no plan of ours is running. */
  ready: boolean;
  /** `status.plan.secretRef.name`. */
  planSecretName: string | undefined;
  /** Where it stands: the value of the label that tells failure domains. undefined: nobody has said. */
  failureDomain: string | undefined;
  /** What its labels say of its hardware, see `HostLabels`. undefined: nothing. */
  hardware: Readonly<Record<string, string>> | undefined;
  /** The host's own addresses, without their prefixes. */
  addresses: readonly string[];
  /** A `MachineInventorySelector` owns the inventory. */
  takenBySelector: boolean;
  /** Storage volumes are declared and not prepared yet. */
  storageUnprepared: boolean;
  /** The operator's storage management is at work on the host, or about to be. */
  storageBusy: boolean;
  /** The annotations are so large that the API server would refuse ours beside them. */
  annotationsFull: boolean;
  quarantined: boolean;
  /** Why it is suspected to be broken. Absent: it is not. */
  suspect?: string | undefined;
  /** Attempt id of the last reprovision plan, if it failed: hosts that did not fail are claimed before this one. */
  failedReprovision: string | undefined;
  /** Reprovision plans that failed in a row. */
  failures: number;
  /** Group of the machine whose node ran there last, see `groupOf`. undefined: none is known. */
  lastGroup: string | undefined;
  /** Where it is with the checks of its pool; undefined: nobody has looked. */
  acceptance: HostAcceptance | undefined;
  /** Text of the operation annotation, if any. */
  operation: string | undefined;
  /** What was done to it without a run, for `readHostNotes`. Absent: nothing is noted. */
  journal?: string | undefined;
  allocationState: AllocationState | undefined;
  pool: string | undefined;
  owner: HostOwner | undefined;
  /** The plan that the owner wrote to the host last, or is about to write. */
  plan: { attemptId: string; checksum: string } | undefined;
}

/** Addresses of a host that are kept, to find those that two hosts have. */
const MAX_ADDRESSES = 64;

/** Reduces an inventory to what decisions need. */
export function viewHost(inventory: MachineInventory, hostLabels: HostLabels): HostView {
  const { metadata, spec, status } = inventory;
  const notes = metadata.annotations;
  const volumes = spec.storage?.volumes ?? [];
  const storage = status?.storage;
  return {
    namespace: metadata.namespace,
    name: metadata.name,
    uid: metadata.uid,
    resourceVersion: metadata.resourceVersion,
    deleting: metadata.deletionTimestamp !== undefined,
    ready: status?.conditions?.some((condition) => condition.type === 'Ready' && condition.status === 'True') ?? false,
    planSecretName: status?.plan?.secretRef?.name,
    failureDomain: bounded(metadata.labels[hostLabels.failureDomain] || undefined, MAX_NAME),
    hardware: readHardware(metadata.labels, hostLabels),
    addresses: hostAddresses(spec, MAX_ADDRESSES),
    takenBySelector: metadata.ownerReferences.some((owner) => owner.kind === foreign.inventorySelectorKind),
    storageUnprepared: volumes.length > 0 && storage?.phase !== 'Prepared',
    storageBusy: isSet(storage?.operation) || isSet(storage?.pendingSpecHash) || !isQuietPhase(storage?.phase),
    annotationsFull: sizeOf(notes) + OUR_ANNOTATIONS_BYTES > ANNOTATIONS_LIMIT_BYTES,
    quarantined: annotations.quarantine in notes,
    ...(annotations.suspect in notes && { suspect: bounded(notes[annotations.suspect], MAX_OPERATION) }),
    failedReprovision: bounded(notes[annotations.failedReprovision], MAX_TOKEN),
    failures: readFailures(notes),
    lastGroup: bounded(notes[annotations.lastGroup], MAX_NAME),
    acceptance: readAcceptance(notes),
    operation: bounded(notes[annotations.operation], MAX_OPERATION),
    ...(annotations.journal in notes && { journal: bounded(notes[annotations.journal], MAX_NOTES_CHARS) }),
    allocationState: readAllocationState(notes[annotations.allocationState]),
    pool: bounded(notes[annotations.pool], MAX_NAME),
    owner: readOwner(notes),
    plan: readPlan(notes),
  };
}

/** What Kubernetes allows all keys and values together. */
const ANNOTATIONS_LIMIT_BYTES = 256 * 1024;
/** Room for all that a life, and the checks before it, write to an inventory. */
const OUR_ANNOTATIONS_BYTES = 16 * 1024;

function sizeOf(notes: Readonly<Record<string, string>>): number {
  return Object.entries(notes).reduce(
    (sum, [key, value]) => sum + Buffer.byteLength(key) + Buffer.byteLength(value),
    0,
  );
}

function isQuietPhase(phase: string | undefined): boolean {
  return phase === undefined || phase === '' || phase === 'Unmanaged' || phase === 'Prepared';
}

function isSet(value: unknown): boolean {
  return value !== undefined && value !== null && value !== '';
}

/** Whoever writes a state that we do not know has something in mind with the host: it is not free. */
function readAllocationState(text: string | undefined): AllocationState | undefined {
  if (text === undefined || text === '') return undefined;
  return allocationStates.find((state) => state === text) ?? 'Unavailable';
}

/** One that was noted before they were counted is one; who takes the note away has forgiven all. */
function readFailures(notes: Record<string, string>): number {
  if (!(annotations.failedReprovision in notes)) return 0;
  const count = /^[1-9]\d{0,5}$/.exec(notes[annotations.failures] ?? '')?.[0];
  return count === undefined ? 1 : Number(count);
}

function readPlan(notes: Record<string, string>): HostView['plan'] {
  const attemptId = bounded(notes[annotations.hostPlanAttempt], MAX_TOKEN);
  const checksum = bounded(notes[annotations.hostPlanChecksum], MAX_TOKEN);
  return attemptId === undefined || checksum === undefined ? undefined : { attemptId, checksum };
}

function readOwner(notes: Record<string, string>): HostOwner | undefined {
  const nameOf = (annotation: string): string => boundText(notes[annotation] ?? '', MAX_NAME);
  const uid = boundText(notes[annotations.ownerUid] ?? '', MAX_UID);
  const baremetalMachine = nameOf(annotations.ownerBaremetalMachine);
  if (uid === '' && baremetalMachine === '') return undefined;
  return {
    cluster: nameOf(annotations.ownerCluster),
    machine: nameOf(annotations.ownerMachine),
    baremetalMachine,
    uid,
  };
}
