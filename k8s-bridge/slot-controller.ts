import type { MachineView } from '../domain/inputs/machine-view.ts';
import { type ControllerDeps, createQueue, monotonicNowMs, storesOf } from './controller-deps.ts';
import type { MachineController } from './machine-controller.ts';
import { addSpaced } from './queue/spaced-adds.ts';
import type { Workqueue } from './queue/workqueue.ts';
import { reconcileSlots } from './slots/reconciler.ts';
import { connectSlotTriggers } from './slots/triggers.ts';

/** Machines begin to wait, and hosts end, in bursts. */
const SPACING_MS = 50;
/** Whoever waits anywhere may be the next. */
const ONLY_KEY = 'slots';

export interface SlotController {
  queue: Workqueue;
  /** Before any machine is told anything: what each is told of its place is known then. Never rejects. */
  lookFirst(): Promise<void>;
}

/** Wires the reconciler of slots to caches, queue and memory. */
export function startSlots(deps: ControllerDeps, machines: MachineController, pools: Workqueue): SlotController {
  const { kube: client, caches, hostLabels, slots, book, logger } = deps;
  const slotDeps = {
    client,
    hostLabels,
    caches: storesOf(caches),
    slots,
    book,
    wakeMachine: (view: MachineView) => machines.wake(view),
    enqueueMachine: (key: string) => machines.queue.add(key),
    enqueuePool: (key: string) => pools.add(key),
    logger,
    nowMs: monotonicNowMs,
  };
  const queue = createQueue('slots', 1, deps, () => reconcileSlots(slotDeps));
  const look = addSpaced(queue, SPACING_MS, monotonicNowMs);
  return {
    queue,
    async lookFirst() {
      try {
        await reconcileSlots(slotDeps);
      } catch (error) {
        logger.warn({ err: error }, 'Could not look at the slots');
      }
      connectSlotTriggers(caches, caches.hosts.store, book, () => look(ONLY_KEY));
      look(ONLY_KEY);
    },
  };
}
