import type { BaremetalMachineStatus } from '../../api/machine.ts';

/** When a reprovision plan was written that was applied, and when that was seen: RFC 3339, in whole seconds, as conditions have it. */
export interface PlanTime {
  writtenAt: string;
  appliedAt: string;
}

/**
 * By the conditions of a machine: the one of the bootstrap data turns when a plan is written, the one of the plan when its
 * host has applied it. undefined: they do not tell.
 */
export function findPlanTime(status: BaremetalMachineStatus | undefined): PlanTime | undefined {
  const turnedTrue = (type: string): string | undefined =>
    status?.conditions?.find((condition) => condition.type === type && condition.status === 'True')?.lastTransitionTime;
  const writtenAt = turnedTrue('BootstrapReady');
  const appliedAt = turnedTrue('PlanApplied');
  if (writtenAt === undefined || appliedAt === undefined) return undefined;
  // Those that a run told together, when it took over a machine that another one had brought up, tell no time.
  return Date.parse(appliedAt) > Date.parse(writtenAt) ? { writtenAt, appliedAt } : undefined;
}
