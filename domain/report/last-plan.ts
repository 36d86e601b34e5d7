import type { BaremetalMachine } from '../../api/machine.ts';
import { findPlanTime, type PlanTime } from '../inputs/plan-time.ts';
import { describeAge } from './time-in-phase.ts';

/** A reprovision plan that was applied. */
interface AppliedPlan extends PlanTime {
  machine: string;
  host: string;
}

/**
 * How long the plan took that was applied last in the pool, by the conditions of the machines that are there.
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
  const host = status?.machineInventoryRef?.name;
  const time = findPlanTime(status);
  return time === undefined || host === undefined ? [] : [{ machine: metadata.name, host, ...time }];
}
