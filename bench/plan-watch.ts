import { annotations } from '../api/constants.ts';
import { followObjects } from '../dev/elemental/object-feed.ts';
import { planSecrets } from '../dev/elemental/plan-secret.ts';
import type { KubeClient } from '../runtime/kube/client.ts';

/** Notes when the first plan of ours reached each plan Secret. */
export interface PlanWatch extends AsyncDisposable {
  /** Milliseconds of `performance.now()` by name of the host; seen over a watch, so a little later than written. */
  writtenAtMs: ReadonlyMap<string, number>;
  /** Resolves when `count` hosts have a plan. @throws Error after `timeoutMs` */
  untilWritten(count: number, timeoutMs: number): Promise<void>;
}

/** Begins to watch; resolves when it sees every change. */
export async function watchPlans(client: KubeClient, namespace: string): Promise<PlanWatch> {
  const writtenAtMs = new Map<string, number>();
  const waiting = new Map<() => void, number>();
  const feed = followObjects({
    client,
    resource: planSecrets,
    namespace,
    labelSelector: 'elemental.cattle.io/managed=true',
    onChange: (_key, secret) => {
      if (secret?.metadata.annotations?.[annotations.planType] !== 'reprovision') return;
      const { name } = secret.metadata;
      if (writtenAtMs.has(name)) return;
      writtenAtMs.set(name, performance.now());
      for (const [resolve, count] of waiting) if (writtenAtMs.size >= count) resolve();
    },
  });
  await feed.synced;
  return {
    writtenAtMs,
    async untilWritten(count, timeoutMs) {
      if (writtenAtMs.size >= count) return;
      const { promise, resolve, reject } = Promise.withResolvers<void>();
      const timer = setTimeout(() => {
        reject(new Error(`${writtenAtMs.size} of ${count} plans were written within ${timeoutMs} ms`));
      }, timeoutMs);
      waiting.set(resolve, count);
      await promise.finally(() => {
        clearTimeout(timer);
        waiting.delete(resolve);
      });
    },
    [Symbol.asyncDispose]: () => feed.stop(),
  };
}
