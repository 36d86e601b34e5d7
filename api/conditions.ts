/** Condition types of a `BaremetalMachine`, in the order in which they are shown. */
export const machineConditionTypes = [
  /** The summary of all others; its message is empty when True. */
  'Ready',
  /** A host of the pool is ours. */
  'InventoryAllocated',
  /** The bootstrap Secret exists and its cloud-config can be normalised. */
  'BootstrapReady',
  /** The OS image for the Machine's version is known. */
  'ImageResolved',
  /** The host applied the plan that stands in its plan Secret. */
  'PlanApplied',
  /** The host has booted the image that the plan installed. */
  'Booted',
  /** The Node of the Machine registered in the workload cluster. */
  'NodeJoined',
  /** Reconciliation is paused by the Cluster, an annotation or an operator. */
  'Paused',
] as const;
export type MachineConditionType = (typeof machineConditionTypes)[number];

/** Reasons of machine conditions; each is used with the one type that its group names. */
export const reasons = {
  /** The condition holds. */
  Ready: 'Ready',
  InventoryAllocated: 'InventoryAllocated',
  BootstrapReady: 'BootstrapReady',
  ImageResolved: 'ImageResolved',
  PlanApplied: 'PlanApplied',
  Booted: 'Booted',
  NodeJoined: 'NodeJoined',
  /** The object is being deleted. */
  Deleting: 'Deleting',

  /** InventoryAllocated: no CAPI Machine owns the object yet. */
  WaitingForMachine: 'WaitingForMachine',
  /** InventoryAllocated: the Cluster's infrastructure is not provisioned. */
  WaitingForClusterInfrastructure: 'WaitingForClusterInfrastructure',
  /** InventoryAllocated: `spec.machineInventoryPoolRef` names a pool that does not exist. */
  PoolMissing: 'PoolMissing',
  /** InventoryAllocated: no host of the pool is eligible. */
  PoolExhausted: 'PoolExhausted',
  /** InventoryAllocated: no host of the pool in the failure domain that the Machine names is eligible. */
  FailureDomainExhausted: 'FailureDomainExhausted',
  /** InventoryAllocated: the host's `MachineInventory` is gone, or not here yet after a move. */
  InventoryMissing: 'InventoryMissing',

  /** InventoryAllocated: the host's `MachineInventory` does not have the shape that its API promises; the message names the field. */
  InventoryUnreadable: 'InventoryUnreadable',
  /** InventoryAllocated, PlanApplied: the API server refuses a write of ours; the message has the object and its words. */
  WriteRefused: 'WriteRefused',
  /** InventoryAllocated, PlanApplied: the API server cannot be asked; the step is tried again. */
  Unreachable: 'Unreachable',
  /** InventoryAllocated, PlanApplied: the run did 50 steps without coming to rest, and pauses. */
  Restless: 'Restless',

  /** BootstrapReady: the bootstrap Secret is not there yet. */
  BootstrapWaiting: 'BootstrapWaiting',
  /** BootstrapReady: the cloud-config, or what it is combined with, cannot be used; the message names the place. */
  BootstrapInvalid: 'BootstrapInvalid',
  /** BootstrapReady: a format other than cloud-config. */
  BootstrapFormatUnsupported: 'BootstrapFormatUnsupported',

  /** ImageResolved: the ConfigMap `elemental-image-catalog` does not exist. */
  ImageCatalogMissing: 'ImageCatalogMissing',
  /** ImageResolved: the catalog has no entry for `Machine.spec.version`. */
  ImageCatalogMiss: 'ImageCatalogMiss',
  /** ImageResolved: no registry address on the Cluster and none configured. */
  ImageRegistryMissing: 'ImageRegistryMissing',

  /** PlanApplied: as many hosts as may be are at a reprovision plan; the message tells the place in the queue. */
  WaitingForSlot: 'WaitingForSlot',
  /** PlanApplied: the host has the plan and has not answered yet. */
  PlanPending: 'PlanPending',
  /** PlanApplied: the host reported a failure. */
  PlanFailed: 'PlanFailed',
  /** PlanApplied: no answer within the plan's deadline; still waiting. */
  PlanTimedOut: 'PlanTimedOut',
  /** PlanApplied: the plan Secret was deleted while the host is ours. */
  PlanSecretMissing: 'PlanSecretMissing',
  /** PlanApplied: somebody else's plan stands in our host's Secret. */
  HostTaken: 'HostTaken',

  /** Booted: the host applied its plan and has not said yet that it booted. */
  WaitingForBoot: 'WaitingForBoot',
  /** Booted: it has not said so within the deadline. */
  BootTimedOut: 'BootTimedOut',
  /** Booted: the new image does not boot, and the host runs the one of before; no node is made of it. */
  BootedFallback: 'BootedFallback',

  /** NodeJoined: the Machine has no `status.nodeRef` yet. */
  WaitingForNode: 'WaitingForNode',
  /** NodeJoined: the host applied its plan and no Node registered within the deadline. */
  NodeJoinTimedOut: 'NodeJoinTimedOut',
  /** NodeJoined: another Machine of the cluster has a Node of the name under which the host registers. */
  NodeNameTaken: 'NodeNameTaken',

  /** Paused, True. */
  Paused: 'Paused',
  /** Paused, False. */
  NotPaused: 'NotPaused',
} as const;
export type Reason = (typeof reasons)[keyof typeof reasons];

/** Condition types of a `MachineInventoryPool`, in the order in which they are shown. */
export const poolConditionTypes = [
  /** Every member is there and can be used. */
  'Ready',
  /** No member is missing, broken or another pool's; the message names those that are. */
  'MembersValid',
] as const;
/** Reasons of `MembersValid` on a pool, worst first. */
export const poolReasons = {
  /** Every member can be used. */
  MembersValid: 'MembersValid',
  /** A named `MachineInventory` does not exist. */
  MemberMissing: 'MemberMissing',
  /** The member's `MachineInventory` does not have the shape that its API promises. */
  MemberUnreadable: 'MemberUnreadable',
  /** Another pool names, and owns, the member. */
  MemberInAnotherPool: 'MemberInAnotherPool',
  /** Another host of the cluster's pools has the host name of the member. */
  DuplicateHostname: 'DuplicateHostname',
  /** The member's plan Secret is unknown or gone. */
  PlanSecretMissing: 'PlanSecretMissing',
  /** The member, or its plan Secret, refuses what would have to be written to it. */
  MemberRefused: 'MemberRefused',
  /** The member could not be healed by a reboot, and an operator is to look at it. */
  MemberSuspect: 'MemberSuspect',
  /** The member did not pass the checks of `spec.acceptance`. */
  MemberNotAccepted: 'MemberNotAccepted',
  /** The member is not Ready although none of our plans runs on it. */
  MemberNotReady: 'MemberNotReady',
} as const;

/** Condition types of a `BaremetalCluster`, in the order in which they are shown. */
export const clusterConditionTypes = [
  /** The infrastructure is provisioned, or says what it waits for. */
  'Ready',
  /** Where the API server is reached is known. */
  'EndpointReady',
] as const;
/** Reasons of conditions on a `BaremetalCluster`. */
export const clusterReasons = {
  EndpointReady: 'EndpointReady',
  /** Neither `controlPlaneEndpoint` nor `controlPlaneLoadBalancer` gives a host and a port. */
  EndpointMissing: 'EndpointMissing',
  /** Deletion waits while machines of the cluster exist. */
  MachinesExist: 'MachinesExist',
} as const;

/** Condition types of a `BaremetalRemediation`, in the order in which they are shown. */
export const remediationConditionTypes = [
  /** The Machine is healthy again, or how far the attempt is. */
  'Ready',
  /** Of a request that gave up: the host is kept out of allocation until an operator has looked. */
  'HostQuarantined',
  /** Nothing is done, and no time counts, while the Cluster or the machine is paused. */
  'Paused',
] as const;
/** Reasons of conditions on a `BaremetalRemediation`. */
export const remediationReasons = {
  /** Ready: the Machine passes its health checks again. */
  Healthy: 'Healthy',
  /** Ready: the host was told to reboot, and has not said that it did. */
  Rebooting: 'Rebooting',
  /** Ready: the host has booted since, and the health checks fail still. */
  WaitingForNode: 'WaitingForNode',
  /** Ready: the host cannot be rebooted now; the message has the words of the run. */
  RebootRefused: 'RebootRefused',
  /** Ready: the Machine is being deleted. */
  MachineDeleting: 'MachineDeleting',
  /** Ready: nothing is tried any more; the owner of the Machine replaces it. */
  GivenUp: 'GivenUp',
  /** HostQuarantined. */
  Quarantined: 'Quarantined',
  QuarantineDue: 'QuarantineDue',
  /** Paused, True or False. */
  Paused: 'Paused',
  NotPaused: 'NotPaused',
} as const;

/** Condition types of a `BaremetalMachineTemplate`. */
export const templateConditionTypes = [
  /** What the hosts of its pool have is known of all of them. */
  'CapacityKnown',
] as const;
/** Reasons of `CapacityKnown` on a `BaremetalMachineTemplate`. */
export const templateReasons = {
  CapacityKnown: 'CapacityKnown',
  /** The pool that it names does not exist. */
  PoolMissing: 'PoolMissing',
  /** None of the pool's hosts is registered. */
  NoHosts: 'NoHosts',
  /** The labels of some hosts do not tell their hardware; the message names them. */
  HardwareUnknown: 'HardwareUnknown',
  /** The hosts are not of one architecture. */
  ArchitecturesDiffer: 'ArchitecturesDiffer',
} as const;
