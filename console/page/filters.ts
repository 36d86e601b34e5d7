import type { FleetCell } from '../../domain/report/fleet/fleet-cell.ts';

/** What of the fleet is shown; '' of a facet: all. */
export interface Filters {
  /** Words that all stand somewhere in a host's texts. */
  q: string;
  cluster: string;
  /** `namespace/name`. */
  pool: string;
  state: string;
  reason: string;
  domain: string;
}

export const filterNames = ['q', 'cluster', 'pool', 'state', 'reason', 'domain'] as const satisfies (keyof Filters)[];

/** From the query of a URL. */
export function readFilters(query: URLSearchParams): Filters {
  const of = (name: keyof Filters): string => query.get(name) ?? '';
  return {
    q: of('q'),
    cluster: of('cluster'),
    pool: of('pool'),
    state: of('state'),
    reason: of('reason'),
    domain: of('domain'),
  };
}

/** Into the query of a URL, always in the same order; what else stands there stays. */
export function writeFilters(query: URLSearchParams, filters: Filters): void {
  for (const name of filterNames) query.delete(name);
  for (const name of filterNames) if (filters[name] !== '') query.set(name, filters[name]);
}

/** Whether a host is among what is asked for, but for one facet, whose values are counted. */
export function createMatcher(filters: Filters): (cell: FleetCell, but?: keyof Filters) => boolean {
  const words = filters.q.toLowerCase().split(/\s+/).filter(Boolean);
  const { cluster, pool, state, reason, domain } = filters;
  return (cell, but) =>
    (cluster === '' || cell.cluster === cluster) &&
    (pool === '' || rowOf(cell) === pool) &&
    (state === '' || but === 'state' || cell.state === state) &&
    (reason === '' || cell.reason === reason) &&
    (domain === '' || cell.failureDomain === domain) &&
    (words.length === 0 || hasWords(cell, words));
}

function hasWords(cell: FleetCell, words: readonly string[]): boolean {
  const texts = [cell.name, cell.machine, cell.cluster, cell.pool, cell.namespace, cell.reason, cell.state];
  const text = texts.join('\n').toLowerCase();
  return words.every((word) => text.includes(word));
}

/** By namespace and pool: one text for all hosts of a row. */
const rows = new Map<string, Map<string, string>>();

/** The row where a host stands. */
export function rowOf({ namespace, pool }: FleetCell): string {
  const ofNamespace = rows.get(namespace) ?? new Map<string, string>();
  rows.set(namespace, ofNamespace);
  const row = ofNamespace.get(pool) ?? `${namespace}/${pool}`;
  ofNamespace.set(pool, row);
  return row;
}
