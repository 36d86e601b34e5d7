interface Pause {
  /** What is waited about: another state is another matter. */
  matter: string;
  ms: number;
}

const FIRST_MS = 1_000;
const LONGEST_MS = 300_000;

/** How long to wait before an object that did not change is looked at again: twice as long each time. */
export class RetryPauses {
  readonly #byKey = new Map<string, Pause>();

  /** Milliseconds until the next look at the object in this state. */
  next(key: string, matter: string): number {
    const last = this.#byKey.get(key);
    const ms = last?.matter === matter ? Math.min(last.ms * 2, LONGEST_MS) : FIRST_MS;
    this.#byKey.set(key, { matter, ms });
    return ms;
  }

  forget(key: string): void {
    this.#byKey.delete(key);
  }
}
