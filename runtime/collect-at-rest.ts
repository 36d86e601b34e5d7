import { setTimeout as sleep } from 'node:timers/promises';

/** What is asked of the process; replaced in tests. */
export interface CollectableProcess {
  /** CPU time so far, in milliseconds. */
  cpuMs(): number;
  /** Memory of JavaScript objects and buffers, garbage included. */
  heldBytes(): number;
  /** Frees all garbage. undefined: Node was started without `--expose-gc`. */
  collect: (() => Promise<void>) | undefined;
}

export interface CollectOptions {
  signal: AbortSignal;
  process?: CollectableProcess;
  /** Default 5 s. */
  everyMs?: number;
  /** Default 60 s. */
  apartMs?: number;
}

const EVERY_MS = 5_000;
/** Between two collections: one may take half a second of a core. */
const APART_MS = 60_000;
/** A process that used less of a core between two looks rests. */
const REST_SHARE = 0.05;
/** Garbage of less than this is not worth the pause. */
const WORTH_BYTES = 8 * 2 ** 20;

/**
 * Frees what a burst left, once the process rests. V8 collects while it allocates: what comes to rest after ten thousand
 * adoptions keeps their garbage, and the buffers that it holds, for as long as it rests (ADR 35). Ends with the signal.
 */
export async function collectAtRest(options: CollectOptions): Promise<void> {
  const { signal, process: observed = thisProcess, everyMs = EVERY_MS, apartMs = APART_MS } = options;
  const { collect } = observed;
  if (collect === undefined) return;
  let left = 0;
  let collectedMs = -Infinity;
  for (;;) {
    const [beganMs, usedMs] = [performance.now(), observed.cpuMs()];
    await sleep(everyMs, undefined, { signal, ref: false }).catch(() => {});
    if (signal.aborted) return;
    const share = (observed.cpuMs() - usedMs) / (performance.now() - beganMs);
    if (performance.now() - collectedMs < apartMs) continue;
    if (share > REST_SHARE || observed.heldBytes() < left + WORTH_BYTES) continue;
    await collect();
    left = observed.heldBytes();
    collectedMs = performance.now();
  }
}

const thisProcess: CollectableProcess = {
  cpuMs() {
    const { user, system } = process.cpuUsage();
    return (user + system) / 1_000;
  },
  heldBytes() {
    const { heapTotal, external } = process.memoryUsage();
    return heapTotal + external;
  },
  collect: globalThis.gc === undefined ? undefined : collectAll,
};

/** `last-resort` also gives the emptied pages back. */
async function collectAll(): Promise<void> {
  await globalThis.gc?.({ type: 'major', execution: 'async', flavor: 'last-resort' });
}
