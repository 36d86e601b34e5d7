import { activityInfo, ApplicationFailure } from '@temporalio/activity';
import { failureTypes } from './failures.ts';

/** Says whether this attempt still speaks for its step. */
export interface Fence {
  /** Throws when the attempt has outlived its timeout, and the server may have given the step to another. */
  assertAlive(): void;
}

/**
 * Begins to watch an attempt's time; called first in an activity. A worker that was frozen (SIGSTOP, a paused VM) may
 * wake up in the middle of an attempt that is long over. `assertAlive` stands between a read and the conditional write
 * that follows it: whoever passes it and freezes then, writes with an outdated resourceVersion.
 */
export function startFence(): Fence {
  const clocks = [() => Date.now(), () => performance.now()].map((now) => ({ now, startedAtMs: now() }));
  const { startToCloseTimeoutMs } = activityInfo();
  return {
    assertAlive() {
      // Either clock may be wrong: one is set back by hand, the other stands still while the computer sleeps.
      if (clocks.every(({ now, startedAtMs }) => now() - startedAtMs < startToCloseTimeoutMs)) return;
      throw ApplicationFailure.create({
        type: failureTypes.attemptOutlived,
        message: 'The attempt outlived its timeout and writes nothing any more',
      });
    },
  };
}
