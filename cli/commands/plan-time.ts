import type { Pool } from 'pg';
import { tellDuration } from '../../domain/report/duration-words.ts';
import { tellLastPlan } from '../../domain/report/last-plan.ts';
import { type PlanTimes, readPlanTimes } from '../../journal/plan-times.ts';
import { readEnv } from '../../runtime/env.ts';
import { describeCause } from '../world/failures.ts';
import type { SeenFleet } from '../access/fleet-reader.ts';
import { withJournal } from '../access/journal-access.ts';

/** What is planned. */
export interface PlannedPlace {
  namespace: string;
  pool: string;
  /** undefined: not known. */
  image?: string | undefined;
}

const OF_LATE_MS = 90 * 24 * 3_600_000;
/** Fewer of a pool tell less than those of the image in all pools. */
const ENOUGH = 5;

/**
 * How long a reprovision plan takes, and what that is known by: the journal, if there is one that can be asked, else the
 * conditions of the machines that are there. A journal that cannot be asked is a note of the fleet.
 */
export async function tellPlanTime(
  place: PlannedPlace,
  seen: Pick<SeenFleet, 'machines' | 'missing'>,
  now: Date,
): Promise<string> {
  const byConditions = tellLastPlan(seen.machines, place.pool, now);
  if (readEnv().journal === undefined) return byConditions;
  try {
    const told = await withJournal((pool) => tellByJournal(pool, place, now.getTime() - OF_LATE_MS));
    return told ?? `${byConditions}; the journal knows of no plan of this pool`;
  } catch (error) {
    seen.missing.push(`How long plans took is told by the machines that are there: ${describeCause(error)}`);
    return byConditions;
  }
}

async function tellByJournal(
  database: Pool,
  { namespace, pool, image }: PlannedPlace,
  sinceMs: number,
): Promise<string | undefined> {
  const ofPool = await readPlanTimes(database, { namespace, of: 'pool', name: pool, sinceMs });
  const isFew = ofPool === undefined || ofPool.count < ENOUGH;
  const ofImage =
    isFew && image !== undefined
      ? await readPlanTimes(database, { namespace, of: 'image', name: image, sinceMs })
      : undefined;
  if (ofImage !== undefined && ofImage.count > (ofPool?.count ?? 0)) return tell(ofImage, 'this image');
  return ofPool && tell(ofPool, 'this pool');
}

function tell({ count, sinceMs, p50Ms, p90Ms }: PlanTimes, what: string): string {
  const plans = count === 1 ? 'one plan' : `${count} plans`;
  const since = new Date(sinceMs).toISOString().slice(0, 10);
  return `by the journal: ${plans} of ${what} since ${since}, p50 ${tellDuration(p50Ms)}, p90 ${tellDuration(p90Ms)}`;
}
