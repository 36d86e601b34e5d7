import { activityInfo } from '@temporalio/activity';
import type { BaremetalMachine } from '../../api/machine.ts';
import { groupOf } from '../../domain/inputs/preference.ts';

/** Whose machine it is, and when a run before this one described it last: for the journal. */
export function tellPast(machine: BaremetalMachine): { group?: string; describedAtMs?: number } {
  const group = groupOf(machine.metadata);
  const describedAtMs = findDescription(machine);
  return { ...(group !== undefined && { group }), ...(describedAtMs !== undefined && { describedAtMs }) };
}

/** A machine that came with a move has a host and no description: what was before its object is unknown. */
function findDescription({ metadata, spec, status }: BaremetalMachine): number | undefined {
  const author = status?.writtenBy?.split('/')[0];
  if (author === undefined ? spec.providerID === undefined : author === activityInfo().workflowExecution?.runId) {
    return undefined;
  }
  const changes = (status?.conditions ?? []).map(({ lastTransitionTime }) => lastTransitionTime);
  const times = [metadata.creationTimestamp, ...changes].map((time) => Date.parse(time)).filter(Number.isFinite);
  return times.length === 0 ? undefined : Math.max(...times);
}
