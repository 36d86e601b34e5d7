import { DatabaseError, type Pool } from 'pg';
import { z } from 'zod';
import { endOfUse, type HostEntry } from '../domain/journal/host-entry.ts';
import type { UseEntry } from '../domain/journal/uses.ts';
import { fromHostRow } from './host-rows.ts';
import { fromRow, type ReadEntry } from './rows.ts';

/** Whose past is asked for. */
export interface HistoryQuestion {
  kind: 'machine' | 'host' | 'cluster';
  namespace: string;
  name: string;
  /** Milliseconds since 1970. */
  sinceMs: number;
  /** The newest ones count. */
  limit: number;
}

/** What is known of a machine, a host or a cluster, oldest first. */
export async function readHistory(pool: Pool, question: HistoryQuestion): Promise<ReadEntry[]> {
  const { kind, namespace, name, sinceMs, limit } = question;
  const { rows } = await pool.query<object>(
    `select * from ironloom.journal where namespace = $1 and ${kind} = $2 and at >= $3
     order by at desc, number desc limit $4`,
    [namespace, name, new Date(sinceMs), limit],
  );
  return rows.map(fromRow).toReversed();
}

/** What was done to a host without a run, oldest first. */
export async function readHostHistory(pool: Pool, question: Omit<HistoryQuestion, 'kind'>): Promise<HostEntry[]> {
  const { namespace, name, sinceMs, limit } = question;
  const told = await readHostRows(pool, 'namespace = $1 and host = $2 and at >= $3 order by at desc limit $4', [
    namespace,
    name,
    new Date(sinceMs),
    limit,
  ]);
  return told.toReversed();
}

/**
 * All that tells of the hosts that a cluster used until then: whoever else used them ends a use of the cluster's, too, and
 * so does who takes the record of one away.
 */
export async function readHostsOf(
  pool: Pool,
  { namespace, cluster, untilMs }: { namespace: string; cluster: string; untilMs: number },
): Promise<UseEntry[]> {
  const whose = `namespace = $1 and at < $3 and host in
    (select distinct host from ironloom.journal where namespace = $1 and cluster = $2 and at < $3 and host is not null)`;
  const values = [namespace, cluster, new Date(untilMs)];
  const [{ rows }, ends] = await Promise.all([
    pool.query<object>(`select * from ironloom.journal where ${whose} order by at, number`, values),
    readHostRows(pool, `machine_uid is not null and ${whose}`, values),
  ]);
  return [...rows.map(fromRow), ...ends.flatMap(endOfUse)];
}

/** PostgreSQL's word for a table that is not there. */
const UNDEFINED_TABLE = '42P01';

/** None where no bridge has made the table yet. */
async function readHostRows(pool: Pool, whose: string, values: unknown[]): Promise<HostEntry[]> {
  try {
    const { rows } = await pool.query<object>(`select * from ironloom.host_journal where ${whose}`, values);
    return rows.map(fromHostRow);
  } catch (error) {
    if (error instanceof DatabaseError && error.code === UNDEFINED_TABLE) return [];
    throw error;
  }
}

export const statsGroups = { step: "''", pool: 'pool', image: 'image', host: "namespace || '/' || host" } as const;

/** How long a step takes, and how often it fails. */
export interface StepStats {
  step: string;
  /** Pool, image or host; empty where all are one. */
  group: string;
  count: number;
  failures: number;
  p50Ms: number;
  p90Ms: number;
  p99Ms: number;
}

const statsSchema = z.object({
  step: z.string(),
  group: z.string().nullable(),
  count: z.coerce.number(),
  failures: z.coerce.number(),
  p50: z.coerce.number(),
  p90: z.coerce.number(),
  p99: z.coerce.number(),
});

/** A step of a life as people mean it, by the entry that ends it. */
export const SPAN = `case
    when step in ('begin', 'claim') and to_phase in ('Allocated', 'Reprovisioning') and cause = 'Step' then 'claim'
    when step = 'provision' and to_phase = 'Reprovisioning' then 'write plan'
    when from_phase = 'Reprovisioning' and (step = 'complete' or to_phase = 'Failed') then 'reprovision'
    when from_phase = 'Preparing' and (step = 'release' or to_phase = 'Failed') then 'clean'
    when from_phase = 'Running' and to_phase = 'Preparing' then 'running'
  end`;

/** Times of steps that went well, and failures, by pool, image or host; `namespaces` undefined: all. */
export async function readStats(
  pool: Pool,
  question: { by: keyof typeof statsGroups; namespaces: readonly string[] | undefined; sinceMs: number },
): Promise<StepStats[]> {
  const { by, namespaces, sinceMs } = question;
  const { rows } = await pool.query<object>(
    `select span as step, grouped as "group", count(*) as count, count(*) filter (where failed) as failures,
       coalesce(percentile_disc(0.5) within group (order by ms) filter (where not failed), 0) as p50,
       coalesce(percentile_disc(0.9) within group (order by ms) filter (where not failed), 0) as p90,
       coalesce(percentile_disc(0.99) within group (order by ms) filter (where not failed), 0) as p99
     from (select ${SPAN} as span, ${statsGroups[by]} as grouped, to_phase = 'Failed' as failed, duration_ms as ms
       from ironloom.journal where at >= $1 and ($2::text[] is null or namespace = any($2))) as spans
     where span is not null and (failed or ms is not null)
     group by span, grouped order by span, grouped`,
    [new Date(sinceMs), namespaces ?? null],
  );
  return rows.map((row) => {
    const { p50, p90, p99, group, ...rest } = statsSchema.parse(row);
    return { ...rest, group: group ?? '', p50Ms: p50, p90Ms: p90, p99Ms: p99 };
  });
}
