import { setTimeout as sleep } from 'node:timers/promises';
import { livingMachines } from './model-state.ts';
import type { Outcome, Scene } from './outcome.ts';

/** Nothing seen for this long: what was begun is done, or waits for something. */
const STILL_MS = 300;
const MAX_REST_MS = 3_000;
const LOOK_EVERY_MS = 50;

/** Lets happen what is under way. */
export async function letRest({ lane }: Scene): Promise<Outcome> {
  const begunAtMs = performance.now();
  do await sleep(LOOK_EVERY_MS);
  while (lane.history.quietMs() < STILL_MS && performance.now() - begunAtMs < MAX_REST_MS);
  return 'done';
}

const MAX_WAIT_MS = 10_000;

/** Waits until a machine has a providerID; `skipped` when none gets one in time. */
export async function awaitMachine({ lane, model }: Scene): Promise<Outcome> {
  const begunAtMs = performance.now();
  const isThere = (): boolean =>
    livingMachines(model).some(({ name }) => lane.history.machines.get(name)?.spec.providerID !== undefined);
  while (!isThere() && performance.now() - begunAtMs < MAX_WAIT_MS) await sleep(LOOK_EVERY_MS);
  return isThere() ? 'done' : 'skipped';
}
