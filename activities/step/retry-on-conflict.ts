import { setTimeout as sleep } from 'node:timers/promises';
import { isConflict } from '../../runtime/kube/client.ts';

/** As client-go's `retry.DefaultRetry`. */
const TRIES = 5;
const PAUSE_MS = 10;

/**
 * Does the work anew, from its first read on, when somebody else wrote meanwhile: agents, operators and Cluster API write at any time,
 * and an attempt of a step is worth more than that.
 * @throws what the work throws, and the conflict of its last try
 */
export async function retryOnConflict<T>(work: () => Promise<T>): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await work();
    } catch (error) {
      if (!isConflict(error) || attempt === TRIES) throw error;
      await sleep(PAUSE_MS);
    }
  }
}
