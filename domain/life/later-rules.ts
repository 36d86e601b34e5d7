/** Rules that came later; a run that began before them keeps to what it did (`workflows/patches.ts`). */
export interface LaterRules {
  /** A running machine whose host is missing looks for it, to adopt it when it comes back. */
  looksForLostHost: boolean;
  /** An answer that a host was taken, or its Secret is gone, is read once more before an operator is waited for. */
  confirmsBadAnswers: boolean;
  /** A bootstrap Secret that the bridge sees and a step did not find is looked for again. */
  looksAgainForSecret: boolean;
  /** Whether the object is gone is looked at before a run ends for it. */
  confirmsGone: boolean;
  /** Whether the object is gone is looked at also while an operator's pause holds its end. */
  confirmsHeldGone: boolean;
  /** A machine that waits for a slot tries again when it has no place in the queue any more, and not with each other place. */
  waitsForSlot: boolean;
  /** A host whose Node has joined has a deadline to say how it booted, too. */
  boundsBoot: boolean;
}

/** Those of a run that begins now. */
export const allRules: LaterRules = {
  looksForLostHost: true,
  confirmsBadAnswers: true,
  confirmsGone: true,
  confirmsHeldGone: true,
  looksAgainForSecret: true,
  waitsForSlot: true,
  boundsBoot: true,
};
