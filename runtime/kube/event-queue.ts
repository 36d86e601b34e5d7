import type { KubeClient } from './client.ts';
import { createEvent, type KubeEvent } from './events.ts';

/** More than a thousand machines that come up at once tell; some kilobytes each. */
const MAX_WAITING = 5_000;

/** Writes Events one after the other: they are told behind what somebody waits for, and an outage loses few. */
export class EventQueue {
  readonly #client: Pick<KubeClient, 'create'>;
  #last: Promise<void> = Promise.resolve();
  #waiting = 0;

  constructor(client: Pick<KubeClient, 'create'>) {
    this.#client = client;
  }

  /** Resolves when the Event is written. Rejects when it is lost: refused, or too many are waiting. */
  async add(event: Omit<KubeEvent, 'atMs'>): Promise<void> {
    if (this.#waiting >= MAX_WAITING) throw new Error(`${MAX_WAITING} Events are waiting to be written`);
    this.#waiting += 1;
    const atMs = Date.now();
    const written = this.#last.then(() => createEvent(this.#client, { ...event, atMs }));
    this.#last = written.catch(() => {});
    try {
      await written;
    } finally {
      this.#waiting -= 1;
    }
  }
}
