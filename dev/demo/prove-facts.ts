import { setTimeout as sleep } from 'node:timers/promises';
import type { EvidenceSource } from './evidence-source.ts';
import { checkRuns, type Evidence, type Fact } from './facts.ts';

// What the hosts and Temporal know changes without a watch event.
const LOOK_EVERY_MS = 1_000;

export interface ProofOptions {
  facts: (evidence: Evidence) => Fact[];
  timeoutMs: number;
  signal: AbortSignal;
}

/**
 * Waits until all facts hold, or until the time is over, and returns them as they are then. Those about the runs in
 * Temporal are looked at when the others hold.
 * @throws the signal's reason
 */
export async function proveFacts(source: EvidenceSource, options: ProofOptions): Promise<Fact[]> {
  const { facts, timeoutMs, signal } = options;
  const deadline = performance.now() + timeoutMs;
  for (;;) {
    signal.throwIfAborted();
    const changed = nextChange(source, signal);
    const view = source.view();
    const checked = facts({ view, records: source.readHosts() });
    const isLate = performance.now() > deadline;
    if (isLate || checked.every(({ holds }) => holds)) {
      checked.push(...checkRuns(view, await source.readRuns([...view.machines, ...view.gone])));
      if (isLate || checked.every(({ holds }) => holds)) return checked;
    }
    await changed;
  }
}

/** Resolves at the next change of the view, after a while in any case, and on abort. */
async function nextChange(source: EvidenceSource, signal: AbortSignal): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  const stopListening = source.onChange(resolve);
  const ending = new AbortController();
  const pause = sleep(LOOK_EVERY_MS, undefined, { signal: AbortSignal.any([signal, ending.signal]) });
  await Promise.race([promise, pause.catch(() => undefined)]);
  stopListening();
  ending.abort();
}
