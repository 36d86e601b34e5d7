interface Entry<T> {
  value: T;
  untilMs: number;
}

/** Keeps what is true for a while, by a key. */
export class ShortMemory<T> {
  readonly #entries = new Map<string, Entry<T>>();
  readonly #nowMs: () => number;
  readonly #max: number;

  constructor({ nowMs, max }: { nowMs: () => number; max: number }) {
    this.#nowMs = nowMs;
    this.#max = max;
  }

  get(key: string): T | undefined {
    const entry = this.#entries.get(key);
    return entry === undefined || entry.untilMs <= this.#nowMs() ? undefined : entry.value;
  }

  set(key: string, value: T, forMs: number): void {
    this.#entries.delete(key);
    this.#entries.set(key, { value, untilMs: this.#nowMs() + forMs });
    const [oldest] = this.#entries.keys();
    if (this.#entries.size > this.#max && oldest !== undefined) this.#entries.delete(oldest);
  }
}
