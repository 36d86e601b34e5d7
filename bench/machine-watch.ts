import { z } from 'zod';
import { capiMachines, type Resource } from '../api/resources.ts';
import { followObjects } from '../dev/elemental/object-feed.ts';
import type { KubeClient } from '../runtime/kube/client.ts';
import { waitUntil } from './wait-until.ts';

const machineSchema = z.looseObject({ spec: z.looseObject({ providerID: z.string().optional() }) });
type Machine = z.infer<typeof machineSchema>;
const machineResource: Resource<Machine> = { ...capiMachines, schema: machineSchema };

const QUIET_TIMEOUT_MS = 120_000;

/** The Machines of Cluster API in a namespace, whoever provides their infrastructure. */
export interface MachineWatch extends AsyncDisposable {
  /** Resolves when there are so many, all of them with a providerID. @throws Error after `timeoutMs` */
  untilProvided(count: number, timeoutMs: number): Promise<void>;
  /** Resolves when none of them has changed for so long. */
  untilQuiet(forMs: number): Promise<void>;
}

/** Begins to watch; resolves when it sees every change. */
export async function watchMachines(client: KubeClient, namespace: string): Promise<MachineWatch> {
  let changedAtMs = performance.now();
  let look = (): void => undefined;
  const onChange = (): void => {
    changedAtMs = performance.now();
    look();
  };
  const feed = followObjects({ client, resource: machineResource, namespace, onChange });
  await feed.synced;
  const provided = (): number => [...feed.objects.values()].filter(({ spec }) => spec.providerID !== undefined).length;
  return {
    async untilProvided(count, timeoutMs) {
      const { promise, resolve, reject } = Promise.withResolvers<void>();
      const timer = setTimeout(() => {
        reject(new Error(`${feed.objects.size} Machines, ${provided()} with a providerID, after ${timeoutMs} ms`));
      }, timeoutMs);
      look = () => {
        if (feed.objects.size === count && provided() === count) resolve();
      };
      look();
      await promise.finally(() => clearTimeout(timer));
    },
    async untilQuiet(forMs) {
      const isQuiet = (): Promise<boolean> => Promise.resolve(performance.now() - changedAtMs >= forMs);
      await waitUntil('the Machines have come to rest', isQuiet, { timeoutMs: QUIET_TIMEOUT_MS });
    },
    [Symbol.asyncDispose]: () => feed.stop(),
  };
}
