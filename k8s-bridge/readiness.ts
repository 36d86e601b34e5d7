import type { Connection } from '@temporalio/client';
import { rootMessage } from '../runtime/temporal/connection.ts';
import { whyNobodyServes } from '../runtime/temporal/reach.ts';
import { describeTaskQueue } from '../runtime/temporal/task-queue.ts';
import { type BridgeCaches, unsyncedCaches } from './caches.ts';
import type { StartMemory } from './runs/start-memory.ts';

/** Below the time that a readiness check has. */
const LOOK_TIMEOUT_MS = 1_500;

/** Where the bridge's runs are worked on. */
export interface RunsPlace {
  connection: Connection;
  namespace: string;
  taskQueue: string;
}

export interface ReadinessOptions {
  caches: BridgeCaches;
  /** undefined: not connected yet. */
  place: () => RunsPlace | undefined;
  starts: StartMemory;
}

/** What `/readyz` of the bridge asks for: it sees Kubernetes, Temporal answers now, and runs are picked up. */
export function createReadiness({ caches, place, starts }: ReadinessOptions) {
  return {
    caches: (): true | string => {
      const unsynced = unsyncedCaches(caches);
      return unsynced.length === 0 || `not listed yet: ${unsynced.join(', ')}`;
    },
    temporal: async (): Promise<true | string> => {
      const connection = place()?.connection;
      if (connection === undefined) return 'not connected yet';
      const ask = () => connection.workflowService.getSystemInfo({});
      await connection.withDeadline(Date.now() + LOOK_TIMEOUT_MS, ask);
      return true;
    },
    runs: async (): Promise<true | string> => {
      const known = place();
      if (known === undefined) return 'not connected to Temporal yet';
      const unanswered = starts.problem();
      if (unanswered !== undefined) return `the last start of a run failed: ${unanswered}`;
      const nobody = await findNobodyServes(known);
      return nobody === undefined || `task queue ${known.taskQueue}: ${nobody}`;
    },
  };
}

/** Why no worker would pick a run up, in words for an operator; undefined: one would. Never rejects. */
export async function findNobodyServes(place: RunsPlace): Promise<string | undefined> {
  try {
    const queue = await describeTaskQueue(place.connection, place, LOOK_TIMEOUT_MS);
    return queue === undefined ? undefined : whyNobodyServes(queue, Date.now());
  } catch (error) {
    return `Temporal does not answer: ${rootMessage(error)}`;
  }
}
