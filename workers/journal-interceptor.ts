import type { WorkerInterceptors } from '@temporalio/worker';
import { type JournalSink, journaling } from '../activities/index.ts';
import { isCarrying } from '../domain/journal/carried.ts';

/** Takes the entries of the journal off the input of a step, and writes them when it has ended; steps know nothing of it. */
export function journalInterceptors(sink: JournalSink): WorkerInterceptors {
  return {
    activity: [
      () => ({
        inbound: {
          execute: async (input, next): Promise<unknown> => {
            const [given] = input.args;
            if (!isCarrying(given)) return next(input);
            const { journal, ...own } = given;
            return journaling(sink, given.machine, journal, () => next({ ...input, args: [own] }));
          },
        },
      }),
    ],
  };
}
