import type { Pool } from 'pg';
import { z } from 'zod';

/** How long reprovision plans took that ended well, of late. */
export interface PlanTimes {
  count: number;
  /** When the first of them ended; milliseconds since 1970. */
  sinceMs: number;
  p50Ms: number;
  p90Ms: number;
}

/** Hosts and images change: what was long ago tells little. */
const NEWEST = 100;

const timesSchema = z.object({
  count: z.coerce.number(),
  since: z.date(),
  p50: z.coerce.number(),
  p90: z.coerce.number(),
});

/** The newest plans of a pool, or of an image, in a namespace; undefined: there are none. */
export async function readPlanTimes(
  pool: Pool,
  { namespace, of, name, sinceMs }: { namespace: string; of: 'pool' | 'image'; name: string; sinceMs: number },
): Promise<PlanTimes | undefined> {
  const { rows } = await pool.query<object>(
    `select count(*) as count, min(at) as since,
       percentile_disc(0.5) within group (order by duration_ms) as p50,
       percentile_disc(0.9) within group (order by duration_ms) as p90
     from (select at, duration_ms from ironloom.journal
       where namespace = $1 and ${of} = $2 and at >= $3
         and from_phase = 'Reprovisioning' and step = 'complete' and duration_ms is not null
       order by at desc limit ${NEWEST}) as plans
     having count(*) > 0`,
    [namespace, name, new Date(sinceMs)],
  );
  const [row] = rows;
  if (row === undefined) return undefined;
  const { since, p50, p90, count } = timesSchema.parse(row);
  return { count, sinceMs: since.getTime(), p50Ms: p50, p90Ms: p90 };
}
