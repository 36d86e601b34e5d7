import { createHash } from 'node:crypto';
import type { Env } from './env.ts';
import { DEFAULT_TASK_QUEUE } from './env-schema.ts';

const DIGEST_LENGTH = 10;

/** What tells one installation from another: who drives the same runs of the same objects. */
type InstallationScope = Pick<Env, 'taskQueue' | 'watchNamespace' | 'watchFilter'>;

/**
 * Name of an object that an installation has once, `base` with what tells it from others. One that serves everything in the
 * usual task queue has the plain name.
 */
function installationName(base: string, { taskQueue, watchNamespace, watchFilter }: InstallationScope): string {
  if (taskQueue === DEFAULT_TASK_QUEUE && watchNamespace === undefined && watchFilter === undefined) return base;
  const scope = JSON.stringify([taskQueue, watchNamespace ?? null, watchFilter ?? null]);
  const digest = createHash('sha256').update(scope).digest('hex').slice(0, DIGEST_LENGTH);
  return [base, watchNamespace, digest].filter((part) => part !== undefined).join('-');
}

/** The Lease for which bridges compete. */
export const leaseNameOf = (scope: InstallationScope): string => installationName('ironloom-bridge', scope);

/** The Lease that holds the slots of the installation, and how many it has; undefined: as many as there are hosts. */
export function slotsOf(env: InstallationScope & Pick<Env, 'leaseNamespace' | 'maxConcurrentReprovisions'>) {
  const lease = { namespace: env.leaseNamespace, name: installationName('ironloom-slots', env) };
  return { lease, limit: env.maxConcurrentReprovisions };
}
