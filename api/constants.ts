/**
 * Every name that stands on the wire: group, labels, annotations, finalizers, condition types, reasons, phases.
 * Free of zod and of I/O, so that workflow code may import it.
 */

export const API_GROUP = 'infrastructure.cluster.x-k8s.io';
export const API_VERSION = 'v1beta1';
export const API_GROUP_VERSION = `${API_GROUP}/${API_VERSION}`;

/** Prefix of all annotations and finalizers of ours. */
export const ANNOTATION_PREFIX = 'baremetal.alauda.io';

/** Keeps a `BaremetalMachine` until its host is clean and back in the pool. */
export const MACHINE_FINALIZER = 'baremetalmachine.infrastructure.cluster.x-k8s.io';
/** Keeps a `BaremetalCluster` while machines of the cluster exist. */
export const CLUSTER_FINALIZER = 'baremetalcluster.infrastructure.cluster.x-k8s.io';

/** Annotations of ours on `MachineInventory`, on plan Secrets and on machines. */
export const annotations = {
  /** Inventory: the pool that owns it; stays after release, goes when the pool drops the member. */
  pool: `${ANNOTATION_PREFIX}/pool`,
  /** Inventory: what the host is used for, one of `AllocationState`. */
  allocationState: `${ANNOTATION_PREFIX}/allocation-state`,
  /** Inventory: name of the Cluster that uses the host. */
  ownerCluster: `${ANNOTATION_PREFIX}/owner-cluster`,
  /** Inventory: name of the CAPI Machine that uses the host. */
  ownerMachine: `${ANNOTATION_PREFIX}/owner-machine`,
  /** Inventory: name of the `BaremetalMachine` that uses the host. */
  ownerBaremetalMachine: `${ANNOTATION_PREFIX}/owner-baremetalmachine`,
  /** Inventory: uid of that `BaremetalMachine`; fences writes of an older object of the same name. */
  ownerUid: `${ANNOTATION_PREFIX}/owner-uid`,
  /** Inventory: attempt id of the plan that its owner wrote, or is about to write, to the host. */
  hostPlanAttempt: `${ANNOTATION_PREFIX}/plan-attempt`,
  /** Inventory: checksum of that plan; what the host's answer is compared with. */
  hostPlanChecksum: `${ANNOTATION_PREFIX}/plan-checksum`,
  /** Inventory: attempt id of the last reprovision plan, if it failed; the host is claimed last until one succeeds. */
  failedReprovision: `${ANNOTATION_PREFIX}/failed-reprovision`,
  /** Inventory: how many reprovision plans have failed in a row, whoever wrote them; goes when one succeeds. */
  failures: `${ANNOTATION_PREFIX}/failures`,
  /** Inventory: the group of the machine whose node ran there last, see `groupOf`; stays until another one has run there. */
  lastGroup: `${ANNOTATION_PREFIX}/last-group`,
  /** Inventory: why the host is kept out of allocation until `unquarantine`. */
  quarantine: `${ANNOTATION_PREFIX}/quarantine`,
  /** Inventory: why the host is suspected to be broken, beside the quarantine; goes with `unquarantine`. */
  suspect: `${ANNOTATION_PREFIX}/suspect`,
  /** Inventory: where the host is with the checks of its pool, one of `AcceptanceState`; absent: never looked at. */
  acceptance: `${ANNOTATION_PREFIX}/acceptance`,
  /** Inventory: which checks that is about, by their hash; absent: they are to be done again. */
  acceptanceChecks: `${ANNOTATION_PREFIX}/acceptance-checks`,
  /** Inventory: `failed-reprovision` as it stood then; a later failure asks for another look at the host. */
  acceptanceAfter: `${ANNOTATION_PREFIX}/acceptance-after`,
  /** Inventory: attempt id of the last plan that ran them; the next one has another number. */
  acceptanceAttempt: `${ANNOTATION_PREFIX}/acceptance-attempt`,
  /** Inventory: since when it is there, RFC 3339. */
  acceptanceSince: `${ANNOTATION_PREFIX}/acceptance-since`,
  /** Inventory: what the checks found, JSON; see `AcceptanceResults` in domain/inputs. */
  acceptanceResults: `${ANNOTATION_PREFIX}/acceptance-results`,
  /** Inventory: what was done to the host without a run, JSON, the last times; see `HostNote`. The bridge journals it. */
  journal: `${ANNOTATION_PREFIX}/journal`,
  /** Plan Secret: one of `PlanType`. */
  planType: `${ANNOTATION_PREFIX}/plan.type`,
  /** Plan Secret: attempt id of the plan that stands there, see `attemptId` in domain/plan. */
  planAttempt: `${ANNOTATION_PREFIX}/plan.attempt`,
  /**
   * `BaremetalMachine`: an operator's verb, `verb` or `verb: reason`, for people with only kubectl. `MachineInventory`: a
   * verb of hosts, in the same way. Consumed once; the result is an Event.
   */
  operation: `${ANNOTATION_PREFIX}/operation`,
  /** `BaremetalMachine`: id of the request that stands in `operation`; who asks again asks under the same id. */
  operationId: `${ANNOTATION_PREFIX}/operation-id`,
  /** CRD of ours: whether there are objects of it, `none` or `some`, as the bridge saw last. config/policy reads it. */
  crdObjects: `${ANNOTATION_PREFIX}/objects`,
  /** Lease of the bridge: when each machine that ought to have a run had one, and no other run was open; RFC 3339. */
  runsCompared: `${ANNOTATION_PREFIX}/runs-compared`,
} as const;

/** Names that other projects define and that we read (CAPI, elemental-operator, this provider's platform). */
export const foreign = {
  clusterNameLabel: 'cluster.x-k8s.io/cluster-name',
  controlPlaneLabel: 'cluster.x-k8s.io/control-plane',
  /** Name of the control plane whose machine it is. */
  controlPlaneNameLabel: 'cluster.x-k8s.io/control-plane-name',
  /** Name of the MachineDeployment whose machine it is. */
  deploymentNameLabel: 'cluster.x-k8s.io/deployment-name',
  machineSetNameLabel: 'cluster.x-k8s.io/set-name',
  pausedAnnotation: 'cluster.x-k8s.io/paused',
  /** Its value names the installation that serves the object. */
  watchFilterLabel: 'cluster.x-k8s.io/watch-filter',
  managedByAnnotation: 'cluster.x-k8s.io/managed-by',
  deleteForMoveAnnotation: 'clusterctl.cluster.x-k8s.io/delete-for-move',
  topologyDryRunAnnotation: 'topology.cluster.x-k8s.io/dry-run',
  /** On the Cluster: registry host that replaces the one in the image catalog. */
  registryAddressAnnotation: 'cpaas.io/registry-address',
  /** Type of bootstrap Secrets (CAPI bootstrap contract). */
  clusterSecretType: 'cluster.x-k8s.io/secret',
  /** Type of plan Secrets (elemental-operator). */
  planSecretType: 'elemental.cattle.io/plan',
  /** elemental-operator's own note of what stands in a plan Secret: `empty`, `bootstrap`, `reset`. */
  elementalPlanTypeAnnotation: 'elemental.cattle.io/plan.type',
  /** On an inventory: elemental-operator resets its host when it is deleted. */
  resettableAnnotation: 'elemental.cattle.io/resettable',
  /** Its note of a Secret that it has just made. */
  noElementalPlan: 'empty',
  /** Which rack, room or site: on an inventory where its host stands, on a Node where it runs. */
  zoneLabel: 'topology.kubernetes.io/zone',
  /** Kind of the owner that takes an inventory away from every pool. */
  inventorySelectorKind: 'MachineInventorySelector',
} as const;

/** Name of the ConfigMap that maps `Machine.spec.version` to an OS image. */
export const IMAGE_CATALOG_NAME = 'elemental-image-catalog';

/** Search attributes of a machine's run, all of type Keyword. */
export const searchAttributeNames = {
  cluster: 'IronloomCluster',
  pool: 'IronloomPool',
  inventory: 'IronloomInventory',
  phase: 'IronloomPhase',
  reason: 'IronloomReason',
} as const;

/** Memo of a run: names of the search attributes that its Temporal namespace did not have when it was started. */
export const WITHOUT_ATTRIBUTES_MEMO = 'withoutSearchAttributes';

export const machinePhases = ['Pending', 'Allocated', 'Reprovisioning', 'Running', 'Preparing', 'Failed'] as const;
/** Summary of a machine's life for people; never read back as input. */
export type MachinePhase = (typeof machinePhases)[number];

export const allocationStates = ['Available', 'Allocated', 'Preparing', 'Reprovisioning', 'Unavailable'] as const;
/** Life-cycle phase of a host, kept in the annotation `allocation-state`. */
export type AllocationState = (typeof allocationStates)[number];

export const machinePlanTypes = ['reprovision', 'reboot', 'clean'] as const;
/** What a machine's run writes: `reprovision` attaches a node to a host, `reboot` starts it once more as it is, `clean` detaches it. */
export type MachinePlanType = (typeof machinePlanTypes)[number];
export const planTypes = [...machinePlanTypes, 'validate'] as const;
/** Besides, `validate` looks at a host that is nobody's. */
export type PlanType = (typeof planTypes)[number];

export const acceptanceStates = ['Validating', 'NotAccepted', 'Accepted'] as const;
/** Where a host is with the checks of its pool. */
export type AcceptanceState = (typeof acceptanceStates)[number];

/** `spec.providerID` of the node that runs on the host `inventoryName`. */
export function providerIdOf(inventoryName: string): string {
  return `baremetal:///${inventoryName}`;
}

/** The inventory that a providerID of ours names, or undefined for a foreign one. */
export function inventoryOfProviderId(providerId: string): string | undefined {
  const prefix = 'baremetal:///';
  const name = providerId.startsWith(prefix) ? providerId.slice(prefix.length) : '';
  return name === '' ? undefined : name;
}

/** User agent of the worker, and so the field manager of all that it writes. */
export const WORKER_NAME = 'ironloom-worker';
