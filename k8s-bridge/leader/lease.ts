import { isAlreadyExists, isConflict, isNotFound, type KubeClient } from '../../runtime/kube/client.ts';
import { type Logger } from '../../runtime/logger.ts';
import { formatMicroTime, type Lease, leases } from './lease-record.ts';
import { waitMs } from '../queue/wait-ms.ts';

export interface LeaderElectionOptions {
  client: Pick<KubeClient, 'get' | 'create' | 'patch'>;
  namespace: string;
  name: string;
  /** Different for every process that ever runs, e.g. host name and a random part. */
  identity: string;
  logger: Logger;
  /** How long others wait after the last renewal that they saw. Default 15 s. */
  leaseDurationMs?: number | undefined;
  /** A leader that could not renew for this long stops leading; shorter than `leaseDurationMs`. Default 10 s. */
  renewDeadlineMs?: number | undefined;
  /** Time between tries. Default 2 s. */
  retryPeriodMs?: number | undefined;
  /** The leader's work; its signal aborts when leadership ends, and it must then end soon. */
  onStartedLeading: (signal: AbortSignal) => Promise<void> | void;
  /** Called at once when leadership ends, before `onStartedLeading` has ended. */
  onStoppedLeading?: (() => void) | undefined;
  /** What the Lease says of the leader's work. */
  annotations?: (() => Readonly<Record<string, string>>) | undefined;
  /** A clock that never jumps; for tests. */
  monotonicNowMs?: (() => number) | undefined;
}

export interface LeaderElection {
  start(): void;
  /** True only while no other process can hold the lease. */
  isLeader(): boolean;
  /** Ends leading, waits for the leader's work, and gives the lease back so that the next one need not wait. */
  stop(): Promise<void>;
}

/** What we last saw in the Lease, and when by our own clock (others' clocks are not compared). */
interface Observation {
  lease: Lease;
  atMs: number;
}

interface Term {
  end: AbortController;
  work: Promise<void>;
  /** Nobody else may lead before this plus the lease's duration, less the margin in `renewDeadlineMs`. */
  renewedAtMs: number;
  deadline: NodeJS.Timeout;
}

/**
 * Leader election by a `coordination.k8s.io` Lease, as client-go does it. A leader counts its time from the moment it
 * *sent* the last successful renewal and others from the moment they *saw* it, so two never lead at the same time.
 * @throws RangeError when the times do not fit together
 */
export function createLeaderElection(options: LeaderElectionOptions): LeaderElection {
  const { client, identity, monotonicNowMs = () => performance.now() } = options;
  const { leaseDurationMs = 15_000, renewDeadlineMs = 10_000, retryPeriodMs = 2000 } = options;
  if (!(leaseDurationMs > renewDeadlineMs && renewDeadlineMs > retryPeriodMs)) {
    throw new RangeError('Lease: leaseDurationMs > renewDeadlineMs > retryPeriodMs must hold');
  }
  const key = { namespace: options.namespace, name: options.name };
  const tell = options.annotations ?? (() => ({}));
  const logger = options.logger.child({ lease: `${key.namespace}/${key.name}`, identity });
  const stopping = new AbortController();
  let seen: Observation | undefined;
  let term: Term | undefined;
  let loop: Promise<void> | undefined;

  const isLeader = (): boolean => term !== undefined && monotonicNowMs() < term.renewedAtMs + renewDeadlineMs;

  function observe(lease: Lease): Observation {
    if (seen?.lease.metadata.resourceVersion !== lease.metadata.resourceVersion)
      seen = { lease, atMs: monotonicNowMs() };
    return seen ?? { lease, atMs: monotonicNowMs() };
  }

  /** Tries once to hold the lease; true when it is ours from `sentAtMs` on. @throws KubeApiError, KubeConnectionError */
  async function hold(): Promise<boolean> {
    const call = { timeoutMs: Math.min(renewDeadlineMs / 2, 5000) };
    try {
      if (term !== undefined && seen !== undefined) return observeOurs(await renew(seen.lease, call));
    } catch (error) {
      if (!isConflict(error) && !isNotFound(error)) throw error;
    }
    const found = await client.get(leases, key, call).catch((error: unknown) => {
      if (isNotFound(error)) return undefined;
      throw error;
    });
    // A lease deleted under its holder still binds us: the holder notices only at its next renewal.
    const observed = found === undefined ? seen : observe(found);
    if (observed !== undefined && isHeldByOther(observed)) return false;
    return observeOurs(await (found === undefined ? createLease(call) : renew(found, call)));
  }

  function isHeldByOther({ lease, atMs }: Observation): boolean {
    const holder = lease.spec.holderIdentity ?? '';
    const durationMs = Math.max((lease.spec.leaseDurationSeconds ?? 0) * 1000, 1000);
    return holder !== '' && holder !== identity && monotonicNowMs() < atMs + durationMs;
  }

  function observeOurs(lease: Lease): boolean {
    observe(lease);
    return true;
  }

  function specOf(previous: Lease | undefined) {
    const now = formatMicroTime(new Date());
    const transitions = previous?.spec.leaseTransitions ?? 0;
    const kept = previous?.spec.holderIdentity === identity;
    return {
      holderIdentity: identity,
      leaseDurationSeconds: Math.ceil(leaseDurationMs / 1000),
      renewTime: now,
      ...(kept ? {} : { acquireTime: now, leaseTransitions: previous === undefined ? 0 : transitions + 1 }),
    };
  }

  function createLease(call: { timeoutMs: number }): Promise<Lease> {
    return client.create(leases, { metadata: { ...key, annotations: tell() }, spec: specOf(undefined) }, call);
  }

  function renew(lease: Lease, call: { timeoutMs: number }): Promise<Lease> {
    const metadata = { resourceVersion: lease.metadata.resourceVersion, annotations: tell() };
    return client.patch(leases, key, { metadata, spec: specOf(lease) }, call);
  }

  function lead(sentAtMs: number): void {
    if (term !== undefined) {
      term.renewedAtMs = sentAtMs;
      clearTimeout(term.deadline);
      term.deadline = setDeadline(sentAtMs);
      return;
    }
    logger.info({}, 'Leading');
    const end = new AbortController();
    const work = (async () => options.onStartedLeading(end.signal))().catch((error: unknown) => {
      if (!end.signal.aborted) logger.error({ err: error }, "The leader's work failed");
    });
    term = { end, work, renewedAtMs: sentAtMs, deadline: setDeadline(sentAtMs) };
  }

  function setDeadline(sentAtMs: number): NodeJS.Timeout {
    const leftMs = sentAtMs + renewDeadlineMs - monotonicNowMs();
    return setTimeout(() => endTerm('the lease could not be renewed in time'), Math.max(leftMs, 0));
  }

  function endTerm(why: string): void {
    if (term === undefined || term.end.signal.aborted) return;
    clearTimeout(term.deadline);
    term.renewedAtMs = -Infinity;
    logger.warn({ why }, 'No longer leading');
    term.end.abort(new Error(`No longer leading: ${why}`));
    options.onStoppedLeading?.();
  }

  async function tryOnce(): Promise<void> {
    if (term?.end.signal.aborted === true) {
      await term.work;
      term = undefined;
    }
    const sentAtMs = monotonicNowMs();
    try {
      const held = await hold();
      if (stopping.signal.aborted || term?.end.signal.aborted === true) return;
      if (held && monotonicNowMs() < sentAtMs + renewDeadlineMs) lead(sentAtMs);
      else if (!held) endTerm('another process holds the lease');
    } catch (error) {
      if (stopping.signal.aborted || isConflict(error) || isAlreadyExists(error)) return;
      logger.warn({ err: error }, 'Lease could not be read or written');
    }
  }

  async function release(): Promise<void> {
    if (seen?.lease.spec.holderIdentity !== identity) return;
    const metadata = { resourceVersion: seen.lease.metadata.resourceVersion };
    const body = { metadata, spec: { holderIdentity: '', leaseDurationSeconds: 1 } };
    await client.patch(leases, key, body, { timeoutMs: retryPeriodMs }).catch((error: unknown) => {
      logger.warn({ err: error }, 'Lease could not be released; it runs out by itself');
    });
  }

  return {
    isLeader,
    start() {
      loop ??= (async () => {
        while (!stopping.signal.aborted) {
          await tryOnce();
          await waitMs(retryPeriodMs, stopping.signal);
        }
      })();
    },
    async stop() {
      if (stopping.signal.aborted) return loop;
      stopping.abort(new Error('Leader election stopped'));
      endTerm('stopping');
      await loop;
      await term?.work;
      term = undefined;
      await release();
    },
  };
}
