import type { BaremetalMachine } from '../../api/machine.ts';
import type { Condition } from '../../api/meta.ts';

/**
 * Since when the machine is in its phase (RFC 3339), by the conditions that turn where a phase begins: the status keeps no
 * time of its own. A phase that begins anew, as after a retry, may look a little older than it is, never younger.
 */
export function phaseSince({ metadata, status }: BaremetalMachine): string {
  const turned = (type: string, to: Condition['status']): string | undefined =>
    status?.conditions?.find((condition) => condition.type === type && condition.status === to)?.lastTransitionTime;
  const born = metadata.creationTimestamp;
  switch (status?.phase) {
    case undefined:
      return born;
    case 'Pending':
      return turned('InventoryAllocated', 'False') ?? born;
    case 'Allocated':
      return turned('InventoryAllocated', 'True') ?? born;
    case 'Reprovisioning':
      return turned('BootstrapReady', 'True') ?? born;
    case 'Running':
      return turned('PlanApplied', 'True') ?? turned('Ready', 'True') ?? born;
    case 'Preparing':
      return metadata.deletionTimestamp ?? turned('PlanApplied', 'False') ?? born;
    case 'Failed':
      return latest(['BootstrapReady', 'ImageResolved', 'PlanApplied'].map((type) => turned(type, 'False'))) ?? born;
    default:
      return born;
  }
}

function latest(times: readonly (string | undefined)[]): string | undefined {
  return times
    .flatMap((time) => time ?? [])
    .toSorted()
    .at(-1);
}

/** A time span as kubectl shows it: its two largest units at most. */
export function describeAge(since: string, now: Date): string {
  const seconds = Math.max(0, Math.floor((now.getTime() - Date.parse(since)) / 1_000));
  if (!Number.isFinite(seconds)) return '<unknown>';
  if (seconds < 120) return `${seconds}s`;
  const minutes = Math.floor(seconds / 60);
  if (minutes < 10) return join(minutes, 'm', seconds % 60, 's');
  if (minutes < 180) return `${minutes}m`;
  const hours = Math.floor(minutes / 60);
  if (hours < 8) return join(hours, 'h', minutes % 60, 'm');
  if (hours < 48) return `${hours}h`;
  const days = Math.floor(hours / 24);
  return days < 8 ? join(days, 'd', hours % 24, 'h') : `${days}d`;
}

function join(large: number, largeUnit: string, small: number, smallUnit: string): string {
  return small === 0 ? `${large}${largeUnit}` : `${large}${largeUnit}${small}${smallUnit}`;
}
