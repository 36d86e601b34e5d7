import type { Pool } from 'pg';
import type { FleetCharts } from '../domain/report/journal-pages.ts';
import { readFailures, readOccupancy } from '../journal/fleet-queries.ts';
import { readStats } from '../journal/queries.ts';

const DAY_MS = 24 * 3_600_000;
/** Moments of the charts; a day has as many for each length. */
const MOMENTS = 84;
const MAX_POOLS = 12;
const MAX_FAILURES = 20;

/** What is drawn of the last days, with three statements, one after the other. */
export async function readCharts(
  journal: Pool,
  { namespaces, days, nowMs }: { namespaces: readonly string[]; days: number; nowMs: number },
): Promise<FleetCharts> {
  const sinceMs = nowMs - days * DAY_MS;
  const stepMs = (days * DAY_MS) / (MOMENTS - 1);
  const occupied = await readOccupancy(journal, { namespaces, sinceMs, stepMs, count: MOMENTS });
  const used = occupied
    .map(({ pool, ...rest }) => ({ name: pool, ...rest, most: Math.max(...rest.inUse) }))
    .filter(({ most }) => most > 0)
    .toSorted((a, b) => b.most - a.most);
  const stats = await readStats(journal, { by: 'step', namespaces, sinceMs });
  const failed = await readFailures(journal, { namespaces, sinceMs, limit: MAX_FAILURES });
  return {
    sinceMs,
    stepMs,
    pools: used.slice(0, MAX_POOLS).map(({ namespace, name, inUse }) => ({ namespace, name, inUse })),
    poolCount: used.length,
    steps: stats.map(({ step, count, failures, p50Ms, p90Ms }) => ({ step, count, failures, p50Ms, p90Ms })),
    failures: failed.map(({ host, ...rest }) => ({ name: host, ...rest })),
  };
}
