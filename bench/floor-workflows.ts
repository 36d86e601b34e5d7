import { condition, defineSignal, proxyActivities, proxyLocalActivities, setHandler } from '@temporalio/workflow';

/* Runs that do nothing: what is left of a machine's run without its machine. */

interface Idle {
  nothing(): Promise<void>;
}

/** What a run is told. */
export const told = defineSignal('told');

const within = proxyLocalActivities<Idle>({ startToCloseTimeout: '15s' });
const apart = proxyActivities<Idle>({ startToCloseTimeout: '15s' });

/** As a run that adopts a settled machine: hears of it, looks within its first task, and rests. */
export async function looks(): Promise<void> {
  let isTold = false;
  setHandler(told, () => void (isTold = true));
  await condition(() => isTold);
  await within.nothing();
  await condition(() => false);
}

/** Steps, one after the other. */
export async function steps(count: number): Promise<void> {
  for (let step = 0; step < count; step += 1) await apart.nothing();
}
