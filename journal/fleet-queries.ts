import type { Pool } from 'pg';
import { z } from 'zod';
import { leftPhases } from '../domain/journal/entry.ts';
import { SPAN } from './queries.ts';

/** Moments from `sinceMs` on, `stepMs` apart; milliseconds. */
export interface Moments {
  sinceMs: number;
  stepMs: number;
  count: number;
}

/** How many hosts of a pool were in use at each of the moments. */
export interface Occupancy {
  namespace: string;
  pool: string;
  inUse: number[];
}

const deltaSchema = z.object({
  namespace: z.string(),
  pool: z.string(),
  moment: z.coerce.number(),
  delta: z.coerce.number(),
});

/**
 * How many hosts of each pool were in use, from Allocated to Available as `usesOf` has it: what somebody says of a host
 * after another one began with it changes nothing, unless it begins anew. A use whose beginning nobody noted counts from its first entry on.
 */
export async function readOccupancy(
  pool: Pool,
  { namespaces, sinceMs, stepMs, count }: Moments & { namespaces: readonly string[] },
): Promise<Occupancy[]> {
  const lastMs = sinceMs + stepMs * (count - 1);
  const { rows } = await pool.query<object>(
    `with entries as (
       select namespace, host, pool, machine_uid, at, number, to_phase <> all($5::text[]) as holds,
         cause = 'Adopted' or from_phase is null or from_phase = 'Pending' or from_phase = any($5::text[])
           or row_number() over (partition by namespace, host, machine_uid order by at, number) = 1 as fresh
       from ironloom.journal
       where namespace = any($1) and host is not null and at <= $3
         and not (cause = 'Operator' and duration_ms is null and from_phase is not distinct from to_phase)),
     told as (
       select *, count(*) filter (where holds and fresh) over (partition by namespace, host order by at, number) as turn
       from entries),
     owned as (
       select *, first_value(machine_uid) over (partition by namespace, host, turn order by at, number) as holder
       from told where turn > 0),
     turns as (
       select namespace, pool, holds, greatest(0, ceil(extract(epoch from at - $2::timestamptz) * 1000 / $4::float8)) as moment,
         lag(holds) over host as held, lag(pool) over host as before_pool
       from owned where machine_uid = holder
       window host as (partition by namespace, host order by at, number)),
     deltas as (
       select namespace, pool, moment, 1 as delta from turns where holds and (held is not true or pool <> before_pool)
       union all
       select namespace, before_pool, moment, -1 from turns where held and (not holds or pool <> before_pool))
     select namespace, pool, moment, sum(delta) as delta from deltas
     group by namespace, pool, moment having sum(delta) <> 0 order by namespace, pool, moment`,
    [namespaces, new Date(sinceMs), new Date(lastMs), stepMs, leftPhases],
  );
  const byPool = Map.groupBy(
    rows.map((row) => deltaSchema.parse(row)),
    ({ namespace, pool: name }) => `${namespace}/${name}`,
  );
  return [...byPool.values()].flatMap((deltas) => {
    const [first] = deltas;
    return first === undefined ? [] : [{ namespace: first.namespace, pool: first.pool, inUse: addUp(deltas, count) }];
  });
}

function addUp(deltas: readonly { moment: number; delta: number }[], count: number): number[] {
  const changes = new Map(deltas.map(({ moment, delta }) => [moment, delta]));
  let inUse = 0;
  return Array.from({ length: count }, (_, moment) => (inUse += changes.get(moment) ?? 0));
}

/** How often a step of `readStats` failed on a host. */
export interface Failures {
  namespace: string;
  host: string;
  step: string;
  failures: number;
}

const failuresSchema = z.object({
  namespace: z.string(),
  host: z.string(),
  step: z.string(),
  failures: z.coerce.number(),
});

/** Which hosts fail most at which step, most first. */
export async function readFailures(
  pool: Pool,
  { namespaces, sinceMs, limit }: { namespaces: readonly string[]; sinceMs: number; limit: number },
): Promise<Failures[]> {
  const { rows } = await pool.query<object>(
    `select namespace, host, span as step, count(*) as failures
     from (select namespace, host, ${SPAN} as span from ironloom.journal
       where at >= $1 and namespace = any($2) and host is not null and to_phase = 'Failed') as failed
     where span is not null group by namespace, host, span order by failures desc, namespace, host, span limit $3`,
    [new Date(sinceMs), namespaces, limit],
  );
  return rows.map((row) => failuresSchema.parse(row));
}
