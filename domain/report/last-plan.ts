import type { BaremetalMachine } from '../../api/machine.ts';
import { describeAge } from './time-in-phase.ts';

/** A reprovision plan that was applied: RFC 3339, in whole seconds, as conditions have it. */
interface AppliedPlan {
  machine: string;
  host: string;
  writtenAt: string;
  appliedAt: string;
}

/**
 * How long the plan took that was applied last in the pool, by the conditions of the machines that are there: the one of
 * the bootstrap data turns when a plan is written, the one of the plan when its host has applied it.
 */
export function tellLastPlan(machines: readonly BaremetalMachine[], poolName: string, now: Date): string {
  const last = machines
    .filter(({ spec }) => spec.machineInventoryPoolRef.name === poolName)
    .flatMap(findAppliedPlan)
    .toSorted((a, b) => Date.parse(a.appliedAt) - Date.parse(b.appliedAt))
    .at(-1);
  if (last === undefined) return 'unknown: no machine of this pool shows how long its plan took';
  const { machine, host, writtenAt, appliedAt } = last;
  const took = describeAge(writtenAt, new Date(appliedAt));
  return `${took} the last time in this pool (${machine} on ${host}, ${describeAge(appliedAt, now)} ago)`;
}

function findAppliedPlan({ metadata, status }: BaremetalMachine): AppliedPlan[] {
  const turnedTrue = (type: string): string | undefined =>
    status?.conditions?.find((condition) => condition.type === type && condition.status === 'True')?.lastTransitionTime;
  const writtenAt = turnedTrue('BootstrapReady');
  const appliedAt = turnedTrue('PlanApplied');
  const host = status?.machineInventoryRef?.name;
  if (writtenAt === undefined || appliedAt === undefined || host === undefined) return [];
  // Those that a run told together, when it took over a machine that another one had brought up, tell no time.
  if (Date.parse(appliedAt) <= Date.parse(writtenAt)) return [];
  return [{ machine: metadata.name, host, writtenAt, appliedAt }];
}
