import { MACHINE_LIFECYCLE } from './run-id.ts';

/** Which of the runs of one task queue are looked for. */
export interface RunFilter {
  /** Only open ones; one that somebody paused is open, and not `Running`. */
  open?: boolean;
  /** Only those that started or ended then or later. */
  changedSince?: Date;
  /** Only those of which something is paused in Temporal, or was once. */
  paused?: boolean;
  /** Beginning of the workflow id. */
  idPrefix?: string;
  /** Values of search attributes by name. */
  attributes?: Readonly<Record<string, string>>;
}

/**
 * The query of Temporal's visibility for machines' runs. Always those of one task queue: others in the same Temporal
 * namespace may be another management cluster's.
 */
export function machineRunQuery(
  taskQueue: string,
  { open, changedSince, paused, idPrefix, attributes = {} }: RunFilter,
): string {
  return [
    `WorkflowType=${quote(MACHINE_LIFECYCLE)}`,
    `TaskQueue=${quote(taskQueue)}`,
    ...(open === true ? ['CloseTime IS NULL'] : []),
    ...(changedSince === undefined ? [] : [sinceQuery(quote(changedSince.toISOString()))]),
    ...(paused === true ? ["(ExecutionStatus='Paused' OR TemporalPauseInfo IS NOT NULL)"] : []),
    ...(idPrefix === undefined ? [] : [`WorkflowId STARTS_WITH ${quote(idPrefix)}`]),
    ...Object.entries(attributes).map(([name, value]) => `${name}=${quote(value)}`),
  ].join(' AND ');
}

/** To SQL stores an open run ends in the year 9999. */
function sinceQuery(time: string): string {
  return `(StartTime >= ${time} OR (CloseTime >= ${time} AND CloseTime IS NOT NULL))`;
}

function quote(text: string): string {
  return `'${text.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`;
}
