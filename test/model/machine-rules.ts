import { inventoryOfProviderId, type MachinePhase } from '../../api/constants.ts';
import type { Condition } from '../../api/meta.ts';
import type { Machine } from './history.ts';

/** Conditions whose False explains why a machine is not Ready, in the order in which they are shown. */
const explaining = ['InventoryAllocated', 'BootstrapReady', 'ImageResolved', 'PlanApplied'];

/** Reasons with which each condition may be False (docs/lifecycle.md); `Restless` is a bug of ours wherever it stands. */
const falseReasons: Readonly<Record<string, readonly string[]>> = {
  InventoryAllocated: [
    'WaitingForMachine',
    'WaitingForClusterInfrastructure',
    'PoolMissing',
    'PoolExhausted',
    'InventoryMissing',
    'InventoryUnreadable',
    'WriteRefused',
    'Unreachable',
  ],
  BootstrapReady: ['BootstrapWaiting', 'BootstrapInvalid', 'BootstrapFormatUnsupported'],
  ImageResolved: ['ImageCatalogMissing', 'ImageCatalogMiss', 'ImageRegistryMissing'],
  PlanApplied: [
    'PlanPending',
    'PlanFailed',
    'PlanTimedOut',
    'PlanSecretMissing',
    'HostTaken',
    'WriteRefused',
    'Unreachable',
  ],
  NodeJoined: ['WaitingForNode', 'NodeJoinTimedOut'],
  Paused: ['NotPaused'],
};

/** Reasons for which a machine is Failed: somebody must do something. */
const failures = [
  'BootstrapInvalid',
  'BootstrapFormatUnsupported',
  'ImageCatalogMissing',
  'ImageCatalogMiss',
  'ImageRegistryMissing',
  'PlanFailed',
  'PlanSecretMissing',
  'HostTaken',
];

/** A step was stopped, and is tried again. */
const stopped = ['WriteRefused', 'Unreachable'];

/**
 * Rules about one state of a machine and the one before it; answers what it breaks, in words. `mayLag`: somebody meddles
 * with its host; phase and conditions may then be about what was.
 */
export function judgeMachine(machine: Machine, before: Machine | undefined, mayLag = false): string[] {
  const { status } = machine;
  if (status === undefined) return [];
  const look = createLook(machine);
  return [
    ...judgeConditions(status.conditions ?? []),
    ...judgeReady(look),
    ...(mayLag ? [] : judgePhase(look, machine)),
    ...judgePast(machine, before),
  ];
}

interface Look {
  phase: MachinePhase | undefined;
  isTrue: (type: string) => boolean;
  falseReason: (type: string) => string | undefined;
  find: (type: string) => Condition | undefined;
}

function createLook({ status }: Machine): Look {
  const find = (type: string): Condition | undefined => status?.conditions?.find((one) => one.type === type);
  return {
    phase: status?.phase,
    find,
    isTrue: (type) => find(type)?.status === 'True',
    falseReason: (type) => (find(type)?.status === 'False' ? find(type)?.reason : undefined),
  };
}

function judgeConditions(conditions: readonly Condition[]): string[] {
  const types = conditions.map(({ type }) => type);
  const problems = conditions.flatMap(({ type, status, reason }) => {
    if (status === 'True') return reason === type ? [] : [`${type} is True for the reason ${reason}`];
    if (type === 'Ready' || falseReasons[type]?.includes(reason) === true) return [];
    return [`${type} is ${status} for the reason ${reason}`];
  });
  return new Set(types).size === types.length ? problems : [...problems, `conditions twice: ${types.join(', ')}`];
}

/** Ready sums up: the first condition that is False gives reason and message. */
function judgeReady({ find, isTrue, phase }: Look): string[] {
  const ready = find('Ready');
  if (ready === undefined) return phase === undefined ? [] : ['there is a phase and no condition Ready'];
  const culprit = explaining.map(find).find((condition) => condition?.status === 'False');
  if (isTrue('Ready')) {
    return [
      ...(ready.message === '' ? [] : [`Ready is True and says: ${ready.message}`]),
      ...(culprit === undefined ? [] : [`Ready is True although ${culprit.type} is False`]),
      ...(phase === 'Running' ? [] : [`Ready is True in phase ${phase}`]),
    ];
  }
  if (culprit !== undefined) {
    const told = ready.reason === culprit.reason && ready.message === culprit.message;
    return told ? [] : [`Ready is False for ${ready.reason}, not for ${culprit.type}=False/${culprit.reason}`];
  }
  const known = ['Deleting', 'Paused', 'PlanPending'].includes(ready.reason);
  return known ? [] : [`Ready is False for ${ready.reason}, and no condition says so`];
}

type Demand = readonly [holds: boolean, otherwise: string];

function judgePhase(look: Look, machine: Machine): string[] {
  const { phase } = look;
  if (phase === undefined) return [];
  return demandsOf[phase](look, machine).flatMap(([holds, otherwise]) => (holds ? [] : [`${phase}, and ${otherwise}`]));
}

/** By its status: the providerID is written a moment before. */
const isProvisioned = ({ status }: Machine): boolean =>
  status?.ready === true || status?.initialization?.provisioned === true;
const hostOf = ({ status }: Machine): string | undefined => status?.machineInventoryRef?.name;

/** What each phase promises (docs/lifecycle.md). */
const demandsOf: Record<MachinePhase, (look: Look, machine: Machine) => Demand[]> = {
  Pending: ({ isTrue }, machine) => [
    [!isProvisioned(machine), 'it is provisioned'],
    // An operator gave the host up and paused the machine before it was given back.
    [
      !isTrue('InventoryAllocated') || (isTrue('Paused') && machine.status?.lastOperation !== undefined),
      'it has a host',
    ],
    [!isTrue('PlanApplied') && !isTrue('NodeJoined'), 'a host did something for it'],
  ],
  Allocated: ({ isTrue, falseReason, find }, machine) => [
    [isTrue('InventoryAllocated') && hostOf(machine) !== undefined, 'it has no host'],
    [!isProvisioned(machine), 'it is provisioned'],
    [[undefined, 'BootstrapWaiting'].includes(falseReason('BootstrapReady')), 'its bootstrap data is bad'],
    [falseReason('ImageResolved') === undefined, 'it has no image'],
    [[undefined, ...stopped].includes(find('PlanApplied')?.reason), 'there is a plan'],
  ],
  Reprovisioning: ({ isTrue, falseReason }, machine) => [
    [isTrue('InventoryAllocated') && hostOf(machine) !== undefined, 'it has no host'],
    [!isProvisioned(machine), 'it is provisioned'],
    [isTrue('BootstrapReady') && isTrue('ImageResolved'), 'its plan lacks something'],
    [
      isTrue('PlanApplied') || ['PlanPending', 'PlanTimedOut'].includes(falseReason('PlanApplied') ?? ''),
      'PlanApplied does not say that the host is waited for',
    ],
  ],
  Running: ({ isTrue, find }, machine) => [
    [
      hostOf(machine) !== undefined && inventoryOfProviderId(machine.spec.providerID ?? '') === hostOf(machine),
      'its providerID names another host',
    ],
    [
      machine.status?.ready === true && machine.status.initialization?.provisioned === true,
      'its status does not say that it is provisioned',
    ],
    [explaining.every(isTrue), `not all of ${explaining.join(', ')} are True`],
    [isTrue('Ready'), 'it is not Ready'],
    [find('NodeJoined') !== undefined, 'nothing is said about its Node'],
    [(machine.status?.addresses?.length ?? 0) > 0, 'it has no address'],
  ],
  Preparing: ({ isTrue, falseReason }) => [
    [!isTrue('Ready'), 'it is Ready'],
    [!failures.includes(falseReason('PlanApplied') ?? ''), 'its plan has failed'],
  ],
  Failed: ({ falseReason }) => [
    [explaining.some((type) => failures.includes(falseReason(type) ?? '')), 'no condition tells of a failure'],
  ],
};

/** What never goes back. */
function judgePast({ metadata, spec, status }: Machine, before: Machine | undefined): string[] {
  if (before === undefined || before.metadata.uid !== metadata.uid) return [];
  return [
    ...(before.spec.providerID !== undefined && before.spec.providerID !== spec.providerID
      ? [`the providerID went from ${before.spec.providerID} to ${spec.providerID}`]
      : []),
    ...(before.status?.ready === true && status?.ready !== true ? ['ready went back'] : []),
    ...(before.status?.initialization?.provisioned === true && status?.initialization?.provisioned !== true
      ? ['provisioned went back']
      : []),
  ];
}
