import { defineQuery, defineSignal, defineUpdate } from '@temporalio/workflow';
import type { Journal } from '../domain/journal/journal.ts';
import type { MachineLife, OperatorVerb } from '../domain/life/machine-life.ts';
import type { MachineRef, MachineSnapshot } from '../domain/inputs/machine-snapshot.ts';

/** Argument of `machineLifecycle`; `life` and `journal` are there after a continue-as-new only. */
export interface MachineLifecycleInput {
  machine: MachineRef;
  life?: MachineLife;
  journal?: Journal;
}

/** The bridge saw new inputs. Carries the whole snapshot; a repeated or older one does no harm. */
export const machineObservedSignal = defineSignal<[MachineSnapshot]>('machineObserved');

/** A host of the pool may be free: a waiting machine tries again. */
export const capacityAvailableSignal = defineSignal('capacityAvailable');

/** Who asks for an operation, and why. Both are recorded in status and history. */
export interface OperationRequest {
  actor?: string;
  reason?: string;
}

/** The answer of an accepted update; a refused one fails with the reason. */
export interface OperationAnswer {
  /** What happens now. */
  answer: string;
}

/** One update a verb: validated, with a typed answer. */
export const operationUpdates = {
  retry: defineUpdate<OperationAnswer, [OperationRequest]>('retry'),
  reboot: defineUpdate<OperationAnswer, [OperationRequest]>('reboot'),
  reallocate: defineUpdate<OperationAnswer, [OperationRequest]>('reallocate'),
  forceRelease: defineUpdate<OperationAnswer, [OperationRequest]>('forceRelease'),
  pause: defineUpdate<OperationAnswer, [OperationRequest]>('pause'),
  resume: defineUpdate<OperationAnswer, [OperationRequest]>('resume'),
} satisfies Record<OperatorVerb, unknown>;

/** One signal a verb, for `temporal workflow signal` and the UI; what became of it stands in the status. */
export const operationSignals = {
  retry: defineSignal<[OperationRequest]>('retry'),
  reboot: defineSignal<[OperationRequest]>('reboot'),
  reallocate: defineSignal<[OperationRequest]>('reallocate'),
  forceRelease: defineSignal<[OperationRequest]>('forceRelease'),
  pause: defineSignal<[OperationRequest]>('pause'),
  resume: defineSignal<[OperationRequest]>('resume'),
} satisfies Record<OperatorVerb, unknown>;

/** What the run knows: for the CLI and for tests. */
export const lifeQuery = defineQuery<MachineLife | null>('life');
