import { defineQuery, defineSignal } from '@temporalio/workflow';
import type { MachineLife } from '../domain/machine-life.ts';
import type { MachineRef, MachineSnapshot } from '../domain/machine-snapshot.ts';

/** Argument of `machineLifecycle`; `life` is there after a continue-as-new only. */
export interface MachineLifecycleInput {
  machine: MachineRef;
  life?: MachineLife;
}

/** The bridge saw new inputs. Carries the whole snapshot; a repeated or older one does no harm. */
export const machineObservedSignal = defineSignal<[MachineSnapshot]>('machineObserved');

/** A host of the pool may be free: a waiting machine tries again. */
export const capacityAvailableSignal = defineSignal('capacityAvailable');

/** What the run knows: for the CLI and for tests. */
export const lifeQuery = defineQuery<MachineLife | null>('life');
