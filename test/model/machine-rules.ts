import type { Condition } from '../../api/meta.ts';
import type { Machine } from './history.ts';
import { explaining, judgePhase, type Look } from './phase-rules.ts';

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
    'WaitingForSlot',
    'PlanPending',
    'PlanFailed',
    'PlanTimedOut',
    'PlanSecretMissing',
    'HostTaken',
    'WriteRefused',
    'Unreachable',
  ],
  Booted: ['WaitingForBoot', 'BootTimedOut', 'BootedFallback'],
  NodeJoined: ['WaitingForNode', 'NodeJoinTimedOut', 'NodeNameTaken'],
  Paused: ['NotPaused'],
};

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
    const mayBePaused = type === 'Ready' && reason === 'Paused';
    if (status === 'True') return reason === type || mayBePaused ? [] : [`${type} is True for the reason ${reason}`];
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
