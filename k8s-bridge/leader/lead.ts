import { randomUUID } from 'node:crypto';
import { hostname } from 'node:os';
import type { Env } from '../../runtime/env.ts';
import { leaseNameOf } from '../../runtime/installation-name.ts';
import type { Logger } from '../../runtime/logger.ts';
import type { Shutdown } from '../../runtime/shutdown.ts';
import { waitMs } from '../queue/wait-ms.ts';
import { createLeaderElection, type LeaderElectionOptions } from './lease.ts';

/** The requests of a leader that lost its lease have ended by then; what they write is conditional all the same. */
const END_OF_TERM_MS = 20_000;
/** Whoever holds the Lease and cannot work keeps it from others. */
const LIST_AGAIN_MS = 60_000;

interface LeadersWork {
  /** Works until the signal aborts. */
  work: (signal: AbortSignal) => Promise<void>;
  /** Reads the world anew; rejects when the bridge ends meanwhile. */
  listAgain: () => Promise<void>;
  /** See `LeaderElectionOptions`. */
  annotations?: LeaderElectionOptions['annotations'];
}

/**
 * Works while it holds the lease. A bridge that lost it, as the API server was away for some seconds, keeps its caches and
 * stands by: once it leads again it begins with nothing in its memory, and with lists that were read after the loss. One whose
 * work does not end, or that cannot list, ends itself. Answers how to ask whether it leads.
 */
export function lead(
  { env, logger, shutdown }: { env: Env; logger: Logger; shutdown: Shutdown },
  client: LeaderElectionOptions['client'],
  { work, listAgain, annotations }: LeadersWork,
): () => boolean {
  let listed = Promise.resolve();
  let overdue: NodeJS.Timeout | undefined;
  const listedWithin = (signal: AbortSignal) =>
    Promise.race([
      listed.then(() => 'listed' as const),
      waitMs(LIST_AGAIN_MS, signal).then(() => (signal.aborted ? 'ended' : 'late')),
    ]);
  const guarded = async (signal: AbortSignal): Promise<void> => {
    try {
      if (!signal.aborted && (await listedWithin(signal)) === 'late') {
        return shutdown.shutdown('it leads again, and cannot list what it must know', 1);
      }
      if (!signal.aborted) await work(signal);
    } catch (error) {
      if (shutdown.signal.aborted) return;
      logger.error({ err: error }, 'Controllers ended');
      shutdown.shutdown('the controllers ended', 1);
    } finally {
      clearTimeout(overdue);
    }
  };
  if (!env.leaderElect) {
    const running = guarded(shutdown.signal);
    shutdown.onShutdown('controllers', () => running);
    return () => true;
  }
  const election = createLeaderElection({
    client,
    namespace: env.leaseNamespace,
    name: leaseNameOf(env),
    identity: `${hostname()}_${randomUUID()}`,
    logger,
    annotations,
    onStartedLeading: guarded,
    onStoppedLeading() {
      if (shutdown.signal.aborted) return;
      listed = listAgain();
      listed.catch(() => {});
      overdue = setTimeout(
        () => shutdown.shutdown('the lease is lost, and its work does not end', 1),
        END_OF_TERM_MS,
      ).unref();
    },
  });
  shutdown.onShutdown('leader election', () => election.stop());
  election.start();
  return () => election.isLeader();
}
