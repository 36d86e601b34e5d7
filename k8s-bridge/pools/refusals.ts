import type { HostView } from '../../domain/inputs/host-view.ts';
import { keyText } from '../../domain/pool/indexes.ts';
import { isRefusal } from '../../runtime/kube/client.ts';

interface Refusal {
  /** The pool on whose behalf was written. */
  pool: string;
  uid: string;
  resourceVersion: string;
  words: string;
  pauseMs: number;
  dueMs: number;
}

const FIRST_PAUSE_MS = 2_000;
const LONGEST_PAUSE_MS = 300_000;
/** They are part of a condition that may name ten hosts. */
const MAX_WORDS = 300;

/**
 * The hosts to which the API server lets nobody write the pool's annotation. Each is tried again when it changes, and
 * after a pause that grows, because what refuses (a policy, a right) may change without it.
 */
export class WriteRefusals {
  readonly #byHost = new Map<string, Refusal>();

  /** The server's words, as long as nothing could be written since. */
  wordsOf(host: HostView): string | undefined {
    return this.#find(host)?.words;
  }

  /** Milliseconds until the write is due again; 0: now. */
  waitMs(host: HostView, nowMs: number): number {
    const known = this.#find(host);
    if (known === undefined || known.resourceVersion !== host.resourceVersion) return 0;
    return Math.max(0, known.dueMs - nowMs);
  }

  /** Notes a refusal. Answers when to look again, at once if it is news; undefined: the error is none. */
  note(host: HostView, pool: string, error: unknown, nowMs: number): number | undefined {
    if (!isRefusal(error)) return undefined;
    const known = this.#find(host);
    const pauseMs = known === undefined ? FIRST_PAUSE_MS : Math.min(known.pauseMs * 2, LONGEST_PAUSE_MS);
    const words = error.message.replace(/^[^]*?: (?=HTTP \d)/, '').slice(0, MAX_WORDS);
    const { uid, resourceVersion } = host;
    this.#byHost.set(keyText(host), { pool, uid, resourceVersion, words, pauseMs, dueMs: nowMs + pauseMs });
    return words === known?.words ? pauseMs : 1;
  }

  forget(host: HostView): void {
    this.#byHost.delete(keyText(host));
  }

  /** Forgets what the pool wanted to write to other hosts than these. */
  keepOnly(pool: string, pending: ReadonlySet<string>): void {
    for (const [key, refusal] of this.#byHost) {
      if (refusal.pool === pool && !pending.has(key)) this.#byHost.delete(key);
    }
  }

  #find(host: HostView): Refusal | undefined {
    const known = this.#byHost.get(keyText(host));
    return known?.uid === host.uid ? known : undefined;
  }
}
