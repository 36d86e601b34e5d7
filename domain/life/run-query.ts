import { MACHINE_LIFECYCLE } from './run-id.ts';

/** Which of the runs of one task queue are looked for. */
export interface RunFilter {
  /** Only open ones; one that somebody paused is open, and not `Running`. */
  open?: boolean;
  /** Beginning of the workflow id. */
  idPrefix?: string;
  /** Values of search attributes by name. */
  attributes?: Readonly<Record<string, string>>;
}

/**
 * The query of Temporal's visibility for machines' runs. Always those of one task queue: others in the same Temporal
 * namespace may be another management cluster's.
 */
export function machineRunQuery(taskQueue: string, { open, idPrefix, attributes = {} }: RunFilter): string {
  return [
    `WorkflowType=${quote(MACHINE_LIFECYCLE)}`,
    `TaskQueue=${quote(taskQueue)}`,
    ...(open === true ? ['CloseTime IS NULL'] : []),
    ...(idPrefix === undefined ? [] : [`WorkflowId STARTS_WITH ${quote(idPrefix)}`]),
    ...Object.entries(attributes).map(([name, value]) => `${name}=${quote(value)}`),
  ].join(' AND ');
}

function quote(text: string): string {
  return `'${text.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`;
}
