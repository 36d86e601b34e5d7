/** Thrown when a condition does not hold in time; its message says what was seen last. */
export class DeadlineError extends Error {
  override readonly name = 'DeadlineError';
}

export interface WaitOptions {
  /** Default 60 s. */
  timeoutMs?: number;
  /** Pause between two looks; default 100 ms. */
  everyMs?: number;
}

/**
 * Looks again and again until `look` answers something other than undefined or false, and returns it.
 * @param what the condition in words
 * @param describe what is seen now, for the error
 */
export async function waitFor<T>(
  what: string,
  look: () => Promise<T | undefined | false> | T | undefined | false,
  describe: () => unknown = () => undefined,
  { timeoutMs = 60_000, everyMs = 100 }: WaitOptions = {},
): Promise<T> {
  const deadline = Date.now() + timeoutMs;
  for (;;) {
    const seen = await look();
    if (seen !== undefined && seen !== false) return seen;
    if (Date.now() >= deadline) {
      const state = JSON.stringify(await describe(), null, 1);
      throw new DeadlineError(
        `Not within ${timeoutMs} ms: ${what}${state === undefined ? '' : `. Seen instead: ${state}`}`,
      );
    }
    await new Promise((resolve) => setTimeout(resolve, everyMs));
  }
}
