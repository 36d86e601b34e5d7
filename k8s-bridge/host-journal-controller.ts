import { type ControllerDeps, createQueue, monotonicNowMs } from './controller-deps.ts';
import { HostJournalKeeper } from './hosts/journal-keeper.ts';
import { addSpaced } from './queue/spaced-adds.ts';
import type { Workqueue } from './queue/workqueue.ts';

/** Hosts are registered, and checked, in bursts: they go together. */
const SPACING_MS = 200;
const ONLY_KEY = 'journal';

/** Takes what is noted on inventories to the journal, in a queue of its own, so that no other work waits for it. */
export function startHostJournal(deps: ControllerDeps): Workqueue {
  const keeper = new HostJournalKeeper(deps.hostJournal);
  const queue = createQueue('journal', 1, deps, () => keeper.write());
  const write = addSpaced(queue, SPACING_MS, monotonicNowMs);
  deps.caches.hosts.onChange((_key, current, previous) => {
    if (keeper.see(current, previous)) write(ONLY_KEY);
  });
  return queue;
}
