import { inventoryOfProviderId, type MachinePhase } from '../../api/constants.ts';
import type { Condition } from '../../api/meta.ts';
import type { Machine } from './history.ts';

/** Conditions whose False explains why a machine is not Ready, in the order in which they are shown. */
export const explaining = ['InventoryAllocated', 'BootstrapReady', 'ImageResolved', 'PlanApplied'];

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

/** A machine's conditions, at a glance. */
export interface Look {
  phase: MachinePhase | undefined;
  isTrue: (type: string) => boolean;
  falseReason: (type: string) => string | undefined;
  find: (type: string) => Condition | undefined;
}

type Demand = readonly [holds: boolean, otherwise: string];

/** What the phase of a machine promises and does not hold, in words. */
export function judgePhase(look: Look, machine: Machine): string[] {
  const { phase } = look;
  if (phase === undefined) return [];
  return demandsOf[phase](look, machine).flatMap(([holds, otherwise]) => (holds ? [] : [`${phase}, and ${otherwise}`]));
}

/** By its status: the providerID is written a moment before. */
const isProvisioned = ({ status }: Machine): boolean =>
  status?.ready === true || status?.initialization?.provisioned === true;
const hostOf = ({ status }: Machine): string | undefined => status?.machineInventoryRef?.name;

/** A reboot was asked for, and the host has not carried it out; or its order was stopped. */
const isRebooting = (plan: Condition | undefined): boolean =>
  plan?.status === 'False' && (plan.message.includes('reboot plan') || stopped.includes(plan.reason));

/** It is deleted, and its clean plan was stopped before it was written. */
const reasonsToGo = ({ metadata }: Machine): string[] => (metadata.deletionTimestamp === undefined ? [] : stopped);

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
    [[undefined, 'WaitingForSlot', ...stopped].includes(find('PlanApplied')?.reason), 'there is a plan'],
  ],
  Reprovisioning: ({ isTrue, falseReason }, machine) => [
    [isTrue('InventoryAllocated') && hostOf(machine) !== undefined, 'it has no host'],
    [!isProvisioned(machine), 'it is provisioned'],
    [isTrue('BootstrapReady') && isTrue('ImageResolved'), 'its plan lacks something'],
    [
      isTrue('PlanApplied') ||
        ['PlanPending', 'PlanTimedOut', ...reasonsToGo(machine)].includes(falseReason('PlanApplied') ?? ''),
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
    [
      explaining.every((type) => isTrue(type) || (type === 'PlanApplied' && isRebooting(find(type)))),
      `not all of ${explaining.join(', ')} are True`,
    ],
    [isTrue('Ready') || isRebooting(find('PlanApplied')), 'it is not Ready'],
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
