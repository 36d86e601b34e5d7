import type { BoundHost, Obstacle, WrittenPlan } from './machine-life.ts';

/** What `beginLife` found. `nodeJoinDeadlineMs` is the worker's setting at that moment. */
export type BeginOutcome =
  | { kind: 'gone' }
  | { kind: 'fresh'; nodeJoinDeadlineMs: number }
  /** Fresh, and ready for a host: how the claim went. */
  | { kind: 'claimTried'; claim: ClaimOutcome; nodeJoinDeadlineMs: number }
  /** The inventory is annotated with our uid, the providerID is not set. */
  | { kind: 'holding'; host: BoundHost; plan: WrittenPlan | null; nodeJoinDeadlineMs: number }
  /** The providerID is set: adopted, never reprovisioned. */
  | { kind: 'provisioned'; host: BoundHost; plan: WrittenPlan | null; nodeJoinDeadlineMs: number }
  | { kind: 'hostMissing'; inventory: string; nodeJoinDeadlineMs: number }
  /** The host that our providerID names is used by somebody else. */
  | { kind: 'hostTaken'; inventory: string; owner: string; nodeJoinDeadlineMs: number };

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
  | { kind: 'written'; plan: WrittenPlan }
  | { kind: 'blocked'; obstacles: Obstacle[] }
  | { kind: 'secretMissing' }
  | { kind: 'hostLost' };

export type CompleteOutcome = { kind: 'completed' } | { kind: 'hostLost' };

export type CleanOutcome =
  | { kind: 'written'; plan: WrittenPlan }
  | { kind: 'inventoryMissing' }
  | { kind: 'secretMissing' }
  | { kind: 'taken' }
  /** The inventory is not ours any more: nothing to clean. */
  | { kind: 'hostLost' };

/** undefined: done, which is also what runs of before this type have in their histories. */
export type FinishOutcome = { kind: 'holdsHost' } | undefined;

export type ReleaseOutcome = { kind: 'released' } | { kind: 'needsClean' };
