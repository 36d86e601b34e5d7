import type { Pool } from 'pg';
import { z } from 'zod';
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

/** All that tells of the hosts that a cluster used until then: whoever else used them ends a use of the cluster's, too. */
export async function readHostsOf(
  pool: Pool,
  { namespace, cluster, untilMs }: { namespace: string; cluster: string; untilMs: number },
): Promise<ReadEntry[]> {
  const { rows } = await pool.query<object>(
    `select * from ironloom.journal where namespace = $1 and at < $3 and host in
       (select distinct host from ironloom.journal where namespace = $1 and cluster = $2 and at < $3 and host is not null)
     order by at, number`,
    [namespace, cluster, new Date(untilMs)],
  );
  return rows.map(fromRow);
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
const SPAN = `case
    when step in ('begin', 'claim') and to_phase = 'Allocated' and cause = 'Step' then 'claim'
    when step = 'provision' and to_phase = 'Reprovisioning' then 'write plan'
    when from_phase = 'Reprovisioning' and (step = 'complete' or to_phase = 'Failed') then 'reprovision'
    when from_phase = 'Preparing' and (step = 'release' or to_phase = 'Failed') then 'clean'
    when from_phase = 'Running' and to_phase = 'Preparing' then 'running'
  end`;

/** Times of steps that went well, and failures, by pool, image or host; `namespace` undefined: all. */
export async function readStats(
  pool: Pool,
  question: { by: keyof typeof statsGroups; namespace: string | undefined; sinceMs: number },
): Promise<StepStats[]> {
  const { by, namespace, sinceMs } = question;
  const { rows } = await pool.query<object>(
    `select span as step, grouped as "group", count(*) as count, count(*) filter (where failed) as failures,
       coalesce(percentile_disc(0.5) within group (order by ms) filter (where not failed), 0) as p50,
       coalesce(percentile_disc(0.9) within group (order by ms) filter (where not failed), 0) as p90,
       coalesce(percentile_disc(0.99) within group (order by ms) filter (where not failed), 0) as p99
     from (select ${SPAN} as span, ${statsGroups[by]} as grouped, to_phase = 'Failed' as failed, duration_ms as ms
       from ironloom.journal where at >= $1 and ($2::text is null or namespace = $2)) as spans
     where span is not null and (failed or ms is not null)
     group by span, grouped order by span, grouped`,
    [new Date(sinceMs), namespace ?? null],
  );
  return rows.map((row) => {
    const { p50, p90, p99, group, ...rest } = statsSchema.parse(row);
    return { ...rest, group: group ?? '', p50Ms: p50, p90Ms: p90, p99Ms: p99 };
  });
}
