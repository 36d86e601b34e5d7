import { createBackoff } from '../backoff.ts';
import { KubeApiError, type KubeClient } from './client.ts';
import { type Logger } from '../logger.ts';

/**
 * Resolves when the API server answers that it is ready; so processes may be started in any order.
 * @throws the signal's reason, or AbortError, when aborted
 */
export async function waitForKubernetes(
  client: Pick<KubeClient, 'checkReady'>,
  signal: AbortSignal,
  logger: Logger,
): Promise<void> {
  const backoff = createBackoff({ initialMs: 250, maxMs: 2_000 });
  for (;;) {
    signal.throwIfAborted();
    try {
      return await client.checkReady({ signal, timeoutMs: 5000 });
    } catch (error) {
      // Forbidden is an answer: it is up, and does not show its health to us.
      if (error instanceof KubeApiError && error.code === 403) return;
      if (signal.aborted) throw error;
      logger.warn({ problem: error instanceof Error ? error.message : String(error) }, 'Waiting for Kubernetes');
    }
    await backoff.wait(signal);
  }
}
