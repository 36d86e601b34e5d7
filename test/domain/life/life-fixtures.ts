import type { AllocationState } from '../../../api/constants.ts';
import {
  type BoundHost,
  type MachineLife,
  type PlanProgress,
  type Stage,
  startLife,
  type WrittenPlan,
} from '../../../domain/life/machine-life.ts';
import type { MachineSnapshot } from '../../../domain/inputs/machine-snapshot.ts';

/** Inputs of a machine that has all it needs. */
export function snapshot(changes: Partial<MachineSnapshot> = {}): MachineSnapshot {
  return {
    deleting: false,
    gone: false,
    deletedForMove: false,
    paused: false,
    finalizerLost: false,
    hostMissing: false,
    pool: 'workers',
    machine: { name: 'm', nodeName: null },
    cluster: { name: 'c', infrastructureReady: true },
    provisioning: { version: 'v1.36.0', bootstrapSecret: 's', bootstrapRevision: null, image: 'registry/os:1' },
    ...changes,
  };
}

export function host(recorded: AllocationState = 'Allocated'): BoundHost {
  return { inventory: 'h', hostname: 'h', planSecret: 'h', addresses: [], recorded };
}

export function plan(progress: PlanProgress = { kind: 'pending' }): WrittenPlan {
  return { type: 'reprovision', attempt: 1, checksum: 'c', deadlineMs: 60_000, bootstrapHash: 'b', progress };
}

/** A life at that stage, with the inputs of a machine that has all it needs but for these. */
export function at(stage: Stage, changes: Partial<MachineSnapshot> = {}): MachineLife {
  return { ...startLife(snapshot(changes)), nodeJoinDeadlineMs: 1000, stage };
}
