import type { ObjectKey } from '../../api/meta.ts';

/** What the journal was asked for, or in words why it was not seen. */
export type FromJournal<T> = { kind: 'seen'; value: T } | { kind: 'unseen'; why: string };

/** An entry of the journal in the words of `ironloom history`; what is not known is ''. */
export interface ToldEntry {
  /** RFC 3339. */
  at: string;
  to: string;
  from: string;
  /** Time spent in `from`. */
  after: string;
  reason: string;
  step: string;
  cause: string;
}

/** A use of a host, in the words of `ironloom explain host`. */
export interface ToldLife {
  words: string;
  /** Something failed in it. */
  failed: boolean;
  /** Oldest first. */
  entries: ToldEntry[];
}

/** Hosts of a pool that were in use at each moment of a chart. */
export interface PoolOccupancy extends ObjectKey {
  inUse: number[];
}

/** How long a step takes that goes well, and how often it fails. */
export interface StepTimes {
  step: string;
  count: number;
  failures: number;
  p50Ms: number;
  p90Ms: number;
}

/** How often a step failed on a host. */
export interface HostFailures extends ObjectKey {
  step: string;
  failures: number;
}

/** What the journal tells of a fleet over some days. */
export interface FleetCharts {
  /** The first moment, in milliseconds since 1970, and the time between two; they are as many as each pool has figures. */
  sinceMs: number;
  stepMs: number;
  /** Those that were used most, at their fullest. */
  pools: PoolOccupancy[];
  /** How many pools were used in that time. */
  poolCount: number;
  steps: StepTimes[];
  /** Those that fail most, most first. */
  failures: HostFailures[];
}
