import type { HostSight } from './host-trouble.ts';
import type { MachineView } from './machine-view.ts';

export const boots = [
  /** The image that the plan installed. */
  'active',
  /** That one is broken: the image of before, of which no node is made. */
  'fallback',
] as const;
/** Which image a host has booted since it applied its machine's plan. */
export type Boot = (typeof boots)[number];

/** What a host reports of its boot, as far as it is read here. */
export interface BootSight {
  rebooted: boolean;
  mode: string;
  /** Number of the reboot plan that it followed. Absent: another kind of plan. */
  reboot?: number | undefined;
}

/**
 * How the host of a provisioned machine booted, as it says itself; undefined: it has not, has not told, or runs a rescue
 * system. The report counts for the plan that the host's record names, and only for the machine that holds the host.
 */
export function findBoot(machine: MachineView, sight: HostSight | undefined): Boot | undefined {
  if (!machine.provisioned || machine.deleting || sight?.kind !== 'found') return undefined;
  const { host, plan } = sight;
  const isOfMachine = host.owner?.uid === machine.uid && host.plan?.attemptId === plan?.planAttempt;
  if (!isOfMachine || plan?.boot?.rebooted !== true) return undefined;
  if (plan.boot.mode === 'active') return 'active';
  return plan.boot.mode === 'passive' ? 'fallback' : undefined;
}
