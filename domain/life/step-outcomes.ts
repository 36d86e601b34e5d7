import type { BoundHost, Obstacle, PlanProgress, WrittenPlan } from './machine-life.ts';

/**
 * A step that ended without having done its work: the API server refuses it, an object cannot be read, or nobody answers.
 * It says so instead of trying for ever, and the run waits, open for everything.
 */
export interface StepStopped {
  kind: 'stopped';
  reason: 'WriteRefused' | 'InventoryUnreadable' | 'Unreachable';
  /** Object, field and the server's words; nothing secret. */
  message: string;
}

/** What the step read speaks against what it was to do; nothing was written. */
type Unjustified =
  /** The machine exists, is not being deleted, and did not ask for it. */
  | { kind: 'unjustified' }
  /** Cluster API wants nothing done, and the run does not know it yet. */
  | { kind: 'paused' }
  /** The object is gone, and its Cluster is paused, marked for a move, or gone, too. */
  | { kind: 'moved' };

/** The plan Secret does not say what the run was told; this is what it says. */
interface Unproven {
  kind: 'unproven';
  progress: PlanProgress;
}

/** What an operator asked of an earlier run of the machine and is to hold on, as the status has it. */
export interface KeptWishes {
  pausedByOperator: boolean;
  /** Hosts that were given up for the machine. */
  avoidedHosts: string[];
}

/** What every look at a machine that is there finds. */
interface Begun {
  /** The worker's setting at that moment. */
  nodeJoinDeadlineMs: number;
  /** Absent: told by a worker of before this field. */
  kept?: KeptWishes;
  /** MachineDeployment or control plane whose machine it is. Absent: none, or told by a worker of before this field. */
  group?: string;
  /** When an earlier run described the machine last, in milliseconds since 1970. Absent: none did. */
  describedAtMs?: number;
  /** The status of the life that comes to rest by what was found is written. */
  statusWritten?: true;
  /** So is the entry that this makes in the journal. */
  entryWritten?: true;
  /** Its time. Absent: when the look was asked for; written by a worker of before this field. */
  entryAtMs?: number;
}

/** What `beginLife` found. */
export type BeginOutcome =
  | { kind: 'gone' }
  | ({ kind: 'fresh' } & Begun)
  /** Fresh, and ready for a host: how the claim went. `planned`: all was there for its plan, too, which is written. */
  | ({ kind: 'claimTried'; claim: ClaimOutcome; planned?: PlannedAtOnce } & Begun)
  /** The inventory is annotated with our uid, the providerID is not set. */
  | ({ kind: 'holding'; host: BoundHost; plan: WrittenPlan | null } & Begun)
  /** The providerID is set: adopted, never reprovisioned. */
  | ({ kind: 'provisioned'; host: BoundHost; plan: WrittenPlan | null } & Begun)
  | ({ kind: 'hostMissing'; inventory: string } & Begun)
  /** The host that our providerID names is used by somebody else. */
  | ({ kind: 'hostTaken'; inventory: string; owner: string } & Begun)
  /** The host that our providerID names is being reset, or a selector's; `by` says which. */
  | ({ kind: 'hostWanted'; inventory: string; by: string } & Begun);

/** The providerID is set already, so a node may run on the host that it names: the run was set back, and begins again. */
interface ProvisionedAlready {
  kind: 'provisioned';
}

/** The machine is being deleted, and the run does not know it yet. */
interface DeletingAlready {
  kind: 'deleting';
}

export type ClaimOutcome =
  | ProvisionedAlready
  | DeletingAlready
  | { kind: 'paused' }
  | { kind: 'claimed'; host: BoundHost }
  | { kind: 'poolMissing'; pool: string }
  /** `failureDomain`: the one that the Machine names. Absent: it names none, or a worker of before this field says so. */
  | { kind: 'exhausted'; message: string; failureDomain?: string };

/** `statusUnwritten`: the status that came with the order was refused. */
export type ProvisionOutcome =
  | ProvisionedAlready
  | DeletingAlready
  | { kind: 'paused' }
  /** The machine's object is not there any more: nothing is written for nobody. */
  | { kind: 'gone' }
  /** `host`: with the name that the plan gave it, which may have changed since the claim. */
  | { kind: 'written'; plan: WrittenPlan; host?: BoundHost; statusUnwritten?: true }
  | { kind: 'blocked'; obstacles: Obstacle[] }
  | { kind: 'secretMissing' }
  | { kind: 'hostLost' }
  /** A clean plan of this machine stands there: another run of it gives the host up. */
  | { kind: 'givenUp' }
  /** Another machine's providerID names the host: a node of its runs there. */
  | { kind: 'hostOfOther'; owner: string };

/** A reprovision plan that the step wrote which claimed its host. */
export type PlannedAtOnce = Extract<ProvisionOutcome, { kind: 'written' }> & {
  /** The image that the plan names. */
  image: string | null;
};

export type CompleteOutcome = { kind: 'completed' } | { kind: 'hostLost' } | Unproven;

/** `statusUnwritten`: the status that came with the order was refused. */
export type RebootOutcome =
  | DeletingAlready
  | { kind: 'paused' }
  | { kind: 'gone' }
  | { kind: 'written'; plan: WrittenPlan; statusUnwritten?: true }
  /** Nothing was written, for what the step read. The message is for people. */
  | { kind: 'refused'; message: string };

export type SettleOutcome = { kind: 'settled' } | { kind: 'hostLost' } | Unproven;

/** undefined: marked, which is also what runs of before this type have in their histories. */
export type MarkOutcome =
  | { kind: 'marked' }
  | { kind: 'hostLost' }
  /** No step of ours wrote the plan that the run waited for: somebody said so by hand. */
  | { kind: 'unwritten' }
  | Unproven
  | undefined;

export type CleanOutcome =
  | { kind: 'written'; plan: WrittenPlan; statusUnwritten?: true }
  | { kind: 'inventoryMissing' }
  | { kind: 'secretMissing' }
  | { kind: 'taken' }
  | Unjustified
  /** The inventory is not ours any more: nothing to clean. */
  | { kind: 'hostLost' };

/** undefined: done, which is also what runs of before this type have in their histories. */
export type FinishOutcome =
  /** `host`: recorded for this machine. Absent: the host on which the node runs has come back, and is adopted. */
  { kind: 'holdsHost'; host?: BoundHost } | Unjustified | undefined;

/** What `confirmGone` found: the object is there, being deleted or not; or it is gone, or moved away. */
export type PresenceOutcome = { kind: 'live' | 'deleting' | 'paused' | 'gone' | 'moved' };

export type ReleaseOutcome =
  | { kind: 'released' }
  | { kind: 'needsClean' }
  /** This host is given back, and another one is recorded for the machine. */
  | { kind: 'holdsHost'; host: BoundHost }
  | Unjustified
  | Unproven;

/** undefined: let go, which is also what runs of before this type have in their histories. */
export type ForceReleaseOutcome = Unjustified | { kind: 'holdsHost'; host: BoundHost } | undefined;
