import { createHash } from 'node:crypto';
import { DEFAULT_TASK_QUEUE, type Env } from '../../runtime/env.ts';

const BASE = 'ironloom-bridge';
const DIGEST_LENGTH = 10;

/**
 * Name of the Lease for which bridges compete: those that drive the same runs of the same objects. An installation that
 * serves everything in the usual task queue has the plain name.
 */
export function leaseNameOf({
  taskQueue,
  watchNamespace,
  watchFilter,
}: Pick<Env, 'taskQueue' | 'watchNamespace' | 'watchFilter'>): string {
  if (taskQueue === DEFAULT_TASK_QUEUE && watchNamespace === undefined && watchFilter === undefined) return BASE;
  const scope = JSON.stringify([taskQueue, watchNamespace ?? null, watchFilter ?? null]);
  const digest = createHash('sha256').update(scope).digest('hex').slice(0, DIGEST_LENGTH);
  return [BASE, watchNamespace, digest].filter((part) => part !== undefined).join('-');
}
