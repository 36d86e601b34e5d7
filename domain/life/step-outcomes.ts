import type { BoundHost, Obstacle, WrittenPlan } from './machine-life.ts';

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
}

/** What `beginLife` found. */
export type BeginOutcome =
  | { kind: 'gone' }
  | ({ kind: 'fresh' } & Begun)
  /** Fresh, and ready for a host: how the claim went. */
  | ({ kind: 'claimTried'; claim: ClaimOutcome } & Begun)
  /** The inventory is annotated with our uid, the providerID is not set. */
  | ({ kind: 'holding'; host: BoundHost; plan: WrittenPlan | null } & Begun)
  /** The providerID is set: adopted, never reprovisioned. */
  | ({ kind: 'provisioned'; host: BoundHost; plan: WrittenPlan | null } & Begun)
  | ({ kind: 'hostMissing'; inventory: string } & Begun)
  /** The host that our providerID names is used by somebody else. */
  | ({ kind: 'hostTaken'; inventory: string; owner: string } & Begun);

/** The providerID is set already, so a node may run on the host that it names: the run was set back, and begins again. */
interface ProvisionedAlready {
  kind: 'provisioned';
}

export type ClaimOutcome =
  | ProvisionedAlready
  | { kind: 'claimed'; host: BoundHost }
  | { kind: 'poolMissing'; pool: string }
  | { kind: 'exhausted'; message: string };

export type ProvisionOutcome =
  | ProvisionedAlready
  /** The machine's object is not there any more: nothing is written for nobody. */
  | { kind: 'gone' }
  /** `host`: with the name that the plan gave it, which may have changed since the claim. */
  | { kind: 'written'; plan: WrittenPlan; host?: BoundHost }
  | { kind: 'blocked'; obstacles: Obstacle[] }
  | { kind: 'secretMissing' }
  | { kind: 'hostLost' };

export type CompleteOutcome = { kind: 'completed' } | { kind: 'hostLost' };

export type CleanOutcome =
  | { kind: 'written'; plan: WrittenPlan }
  | { kind: 'inventoryMissing' }
  | { kind: 'secretMissing' }
  | { kind: 'taken' }
  /** Cluster API wants nothing done, and the run does not know it yet. */
  | { kind: 'paused' }
  /** The inventory is not ours any more: nothing to clean. */
  | { kind: 'hostLost' };

/** undefined: done, which is also what runs of before this type have in their histories. */
export type FinishOutcome = { kind: 'holdsHost' } | undefined;

export type ReleaseOutcome = { kind: 'released' } | { kind: 'needsClean' };
