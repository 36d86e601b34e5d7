/** Times of the agent; the defaults are the real ones. */
export interface AgentTimes {
  /** From the end of a pass to the next tick. */
  periodMs: number;
  /** From the start of a failed attempt to the next one. */
  retryCooldownMs: number;
  /** From the agent's exit to its next process (systemd's RestartSec). */
  restartDelayMs: number;
  /** After the first, second, ... pass that could not be reported; the last one repeats. */
  backoffsMs: readonly number[];
  /** Between the four tries of a write. */
  writeRetryMs: number;
}

export const realAgentTimes: AgentTimes = {
  periodMs: 5_000,
  retryCooldownMs: 30_000,
  restartDelayMs: 5_000,
  backoffsMs: [60_000, 120_000, 240_000, 300_000],
  writeRetryMs: 100,
};
