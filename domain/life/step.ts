/** What a run waits for, named for people in `domain/report/machine-story.ts`. */
export type WaitReason =
  | 'resume'
  | 'move'
  | 'machine'
  | 'clusterInfrastructure'
  | 'inputs'
  /** It is another machine's turn. */
  | 'slot'
  | 'operator'
  | 'node'
  | 'boot'
  | 'deletion'
  /** The step that is due was stopped a moment ago. */
  | 'halt';

/** The one thing to do next. */
export type Step =
  /** Look at the world, add the finalizer, adopt what is ours already; else, with `claim`, claim a host at once. */
  | { kind: 'begin'; claim: boolean }
  /** The object is said to be gone: look whether it is. */
  | { kind: 'confirmGone' }
  | { kind: 'claim' }
  | { kind: 'provision'; attempt: number }
  | { kind: 'awaitPlan' }
  | { kind: 'complete' }
  /** Write reboot plan number `attempt` to the host of a running machine. */
  | { kind: 'reboot'; attempt: number }
  /** The host has applied its reboot plan: look whether it has. */
  | { kind: 'settleReboot' }
  /** Keep a host that failed out of the pool. */
  | { kind: 'markUnavailable' }
  | { kind: 'clean'; attempt: number }
  /** Give the host back. `untouched`: nothing was ever written to it. `last`: the machine goes, too. */
  | { kind: 'release'; untouched: boolean; last: boolean }
  /** Let the host go uncleaned and quarantine it. */
  | { kind: 'forceRelease'; last: boolean }
  /** Drop the finalizer; there is no host. */
  | { kind: 'finish' }
  /** `deadlineMs`: look again after that time even if nothing happens. */
  | { kind: 'wait'; reason: WaitReason; deadlineMs: number | null }
  | { kind: 'end'; outcome: 'released' | 'moved' | 'orphaned' };
