import { reasons } from '../../api/conditions.ts';
import type { BaremetalMachineStatus } from '../../api/machine.ts';
import type { Condition } from '../../api/meta.ts';
import { assertNever } from '../assert-never.ts';

/** What an Event tells of a machine. `reason` is CamelCase, as Kubernetes wants it. */
export interface News {
  type: 'Normal' | 'Warning';
  reason: string;
  message: string;
}

/** What is waited for in every healthy life; any other reason is an obstacle that an operator should know of. */
const calmReasons = new Set<string>([
  reasons.PlanPending,
  reasons.Deleting,
  reasons.BootstrapWaiting,
  reasons.WaitingForSlot,
  reasons.WaitingForMachine,
  reasons.WaitingForClusterInfrastructure,
  reasons.Paused,
]);

/** The start and the result of each step, read off two statuses that follow each other. What did not move is no news. */
export function tellNews(before: BaremetalMachineStatus | undefined, after: BaremetalMachineStatus): News[] {
  return [tellProgress(before, after), tellBoot(before, after), tellNode(before, after)].filter(
    (news) => news !== undefined,
  );
}

/** The host is clean, or was never written to, and is back in its pool. */
export function tellRelease(inventory: string, untouched: boolean): News {
  const how = untouched ? 'was given back untouched' : 'is clean';
  return { type: 'Normal', reason: 'Released', message: `Host ${inventory} ${how} and is Available again` };
}

/** The host's inventory is gone: whatever runs on it, nobody can reach it through us any more. */
export function tellNothingToClean(inventory: string): News {
  const message = `MachineInventory ${inventory} is gone: there is nothing to clean`;
  return { type: 'Warning', reason: reasons.InventoryMissing, message };
}

/** A host of the pool is the machine's. */
export function tellClaim(inventory: string, pool: string): News {
  return { type: 'Normal', reason: 'Allocated', message: `Claimed host ${inventory} of pool ${pool}` };
}

/** An operator ended the wait for a host that did not clean itself. */
export function tellForcedRelease(inventory: string, cause: string): News {
  const message = `Host ${inventory} was let go without a successful clean and is quarantined. ${cause}`.trim();
  return { type: 'Warning', reason: 'ForceReleased', message };
}

function tellProgress(before: BaremetalMachineStatus | undefined, after: BaremetalMachineStatus): News | undefined {
  const ready = find(after, 'Ready');
  if (ready === undefined) return undefined;
  if (before?.phase === after.phase && find(before, 'Ready')?.reason === ready.reason) return undefined;
  const { reason, message } = ready;
  if (ready.status === 'True' && find(before, 'Ready')?.status === 'True') return tellPause(after, reason);
  if (ready.status === 'True' || calmReasons.has(reason)) return tellCalmly(after, ready, isNew(before));
  const host = after.machineInventoryRef?.name;
  // Most messages name the host themselves.
  const named = host === undefined || message.includes(host);
  return { type: 'Warning', reason, message: named ? message : `Host ${host}: ${message}` };
}

/** Of a machine that was and stays Ready nothing else is news. */
function tellPause(after: BaremetalMachineStatus, reason: string): News | undefined {
  if (reason !== reasons.Paused) return undefined;
  return { type: 'Normal', reason, message: find(after, 'Paused')?.message ?? '' };
}

function tellCalmly(
  { phase, machineInventoryRef }: BaremetalMachineStatus,
  { reason, message }: Condition,
  wasNew: boolean,
): News | undefined {
  if (phase === undefined || reason === reasons.Paused) return { type: 'Normal', reason: reasons.Paused, message };
  const host = machineInventoryRef?.name;
  const told = (text: string, why: string = phase): News => ({ type: 'Normal', reason: why, message: text });
  switch (phase) {
    case 'Pending':
      // With a host that is being claimed it is over in a moment.
      return host === undefined && !wasNew ? told(message) : undefined;
    case 'Allocated':
      // The claim told itself.
      if (reason === reasons.BootstrapWaiting) return wasNew ? undefined : told(message, reason);
      return told(message);
    case 'Running':
      return told(`Host ${host} is provisioned`);
    case 'Reprovisioning':
    case 'Preparing':
    case 'Failed':
      return told(message);
    default:
      return assertNever(phase);
  }
}

/** Nothing has happened to the machine yet: what each waits for then stands in its conditions, and is no news. */
function isNew(status: BaremetalMachineStatus | undefined): boolean {
  const ready = find(status, 'Ready');
  if (ready === undefined) return true;
  return status?.phase === 'Pending' && ready.reason !== reasons.Paused && calmReasons.has(ready.reason);
}

function tellBoot(before: BaremetalMachineStatus | undefined, after: BaremetalMachineStatus): News | undefined {
  const boot = find(after, 'Booted');
  if (boot === undefined || find(before, 'Booted')?.reason === boot.reason) return undefined;
  if (boot.reason !== reasons.BootedFallback && boot.reason !== reasons.BootTimedOut) return undefined;
  return { type: 'Warning', reason: boot.reason, message: boot.message };
}

function tellNode(before: BaremetalMachineStatus | undefined, after: BaremetalMachineStatus): News | undefined {
  const [was, node] = [find(before, 'NodeJoined'), find(after, 'NodeJoined')];
  if (node === undefined || was?.reason === node.reason) return undefined;
  if (node.status === 'True') {
    return { type: 'Normal', reason: 'NodeJoined', message: 'The Node of the machine has registered' };
  }
  if (node.reason !== reasons.NodeJoinTimedOut && node.reason !== reasons.NodeNameTaken) return undefined;
  return { type: 'Warning', reason: node.reason, message: node.message };
}

function find(status: BaremetalMachineStatus | undefined, type: string): Condition | undefined {
  return status?.conditions?.find((condition) => condition.type === type);
}
