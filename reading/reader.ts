import type { Secret } from '../api/core.ts';
import type { BootstrapInput, NormalisedBootstrap } from '../domain/bootstrap/cloud-init.ts';
import type { NetworkSurroundings, RenderedNetwork } from '../domain/network/config.ts';
import type { InventoryNetworks } from '../domain/network/recorded.ts';
import type { FailureExplanation } from '../domain/plan/failure-output.ts';
import type { KeptFailure } from '../domain/plan/last-failure.ts';
import { createThreadPool, type ThreadLimits } from '../runtime/thread-pool.ts';
import type { ReadingRequest } from './requests.ts';

/**
 * Reads what tenants and hosts wrote, in threads of its own: whatever stands there costs this process neither its event
 * loop nor its memory. What takes too long or too much is answered as too complex.
 */
export interface Reader {
  bootstrap(input: BootstrapInput): Promise<NormalisedBootstrap>;
  network(networks: InventoryNetworks, around: NetworkSurroundings): Promise<RenderedNetwork>;
  /** Why a plan failed, from `failed-output` of its Secret. */
  failure(output: string | undefined): Promise<FailureExplanation>;
  /** What a plan of `planBytes` keeps of the failure that stands in its Secret; of one that is too complex, nothing new. */
  lastFailure(secret: Secret, planBytes: number): Promise<KeptFailure>;
  close(): Promise<void>;
}

/** Far more than honest data needs, and little enough for two threads beside a worker of 1 GiB. */
const usualLimits: ThreadLimits = { timeMs: 2_000, heapMb: 128 };

/** See `Reader`. Threads start when something is to be read. */
export function createReader({ threads, limits = usualLimits }: { threads: number; limits?: ThreadLimits }): Reader {
  const pool = createThreadPool({ entry: new URL('./thread-main.ts', import.meta.url), threads, limits });
  async function read<Answer>(
    request: ReadingRequest,
    weight: number,
    tooComplex: (problem: string) => Answer,
  ): Promise<Answer> {
    const outcome = await pool.run<Answer>(request, weight);
    return outcome.kind === 'done' ? outcome.answer : tooComplex(describeExcess(outcome.of, limits));
  }
  return {
    bootstrap: (input) =>
      read<NormalisedBootstrap>({ kind: 'bootstrap', input }, input.userData.length, (problem) => ({
        kind: 'invalid',
        message: `user-data: ${problem}`,
      })),
    network: (networks, around) =>
      read<RenderedNetwork>({ kind: 'network', networks, around }, 0, (message) => ({ kind: 'invalid', message })),
    failure: (output) =>
      read<FailureExplanation>({ kind: 'failure', output }, output?.length ?? 0, (problem) => ({
        message: `The plan failed on the host: its output is ${problem}`,
      })),
    lastFailure: (secret, planBytes) =>
      read<KeptFailure>(
        { kind: 'lastFailure', secret, planBytes },
        secret.data['failed-output']?.length ?? 0,
        () => ({}),
      ),
    close: () => pool.close(),
  };
}

function describeExcess(of: 'time' | 'memory', limits: ThreadLimits): string {
  return of === 'time'
    ? `too complex, not read in ${limits.timeMs / 1000} seconds of a core`
    : 'too complex for the memory';
}
