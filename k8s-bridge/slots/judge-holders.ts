import type { SlotHolder } from '../../domain/slots/holders.ts';
import { forEachLimited } from '../reconcile/for-each-limited.ts';
import type { ReconcilerLogger } from '../reconcile/ports.ts';
import type { SlotBook } from './book.ts';
import { findHolder, lookAtHolder, purposeOf, type SlotWorld, waitsForSlot } from './holders-now.ts';

/** Who keeps a slot, and who does not. */
export interface Judgement {
  /** By uid. */
  kept: Map<string, SlotHolder>;
  /** uids. */
  freed: Set<string>;
  /** When one that is kept will have had it unused for too long. */
  nextMs: number;
}

const PARALLEL_LOOKS = 8;
const LOOK_AGAIN_MS = 5_000;

/**
 * Looks at all that hold a slot. One that is only granted goes back when its machine does not wait for it any more; one that
 * was taken for a plan, when the objects themselves say that the host is done. What nobody uses goes back after a minute: no
 * step that took it lives as long, and its machine comes after others.
 */
export async function judgeHolders(
  holders: ReadonlyMap<string, SlotHolder>,
  world: SlotWorld & { book: SlotBook; logger: ReconcilerLogger },
  nowMs: number,
): Promise<Judgement> {
  const { patience } = world.book;
  const judged: Judgement = { kept: new Map(), freed: new Set(), nextMs: Infinity };
  const unused = new Set<string>();
  const free = ({ uid }: SlotHolder): void => void judged.freed.add(uid);
  const keep = (holder: SlotHolder): void => void judged.kept.set(holder.uid, holder);
  const keepForAWhile = (holder: SlotHolder): void => {
    const purpose = purposeOf(holder);
    const untilMs = patience.untilUnusedMs(purpose, nowMs);
    if (untilMs <= nowMs) {
      patience.pause(holder.uid, nowMs);
      return free(holder);
    }
    unused.add(purpose);
    judged.nextMs = Math.min(judged.nextMs, untilMs);
    keep(holder);
  };
  await forEachLimited([...holders.values()], PARALLEL_LOOKS, async (holder) => {
    if (holder.plan === null) {
      const machine = findHolder(holder, world.caches);
      return machine !== undefined && waitsForSlot(machine) ? keepForAWhile(holder) : free(holder);
    }
    const occupation = await lookAtHolder(holder, world).catch((error: unknown) => {
      // What cannot be read is no evidence of anything, and holds nobody else up.
      world.logger.warn(
        { err: error, machine: `${holder.namespace}/${holder.machine}` },
        'Cannot see who holds a slot',
      );
      judged.nextMs = Math.min(judged.nextMs, nowMs + LOOK_AGAIN_MS);
      return 'busy' as const;
    });
    if (occupation === 'unwritten') return keepForAWhile(holder);
    patience.settle(holder.uid);
    return occupation === 'busy' ? keep(holder) : free(holder);
  });
  patience.keepOnly(unused, nowMs);
  return judged;
}
