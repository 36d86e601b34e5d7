import type { Reason } from '../../api/conditions.ts';
import type { AllocationState, MachinePlanType } from '../../api/constants.ts';
import type { PhaseStay } from './phases.ts';
import type { Boot } from '../inputs/boot-sight.ts';
import type { MachineSnapshot } from '../inputs/machine-snapshot.ts';

/** The host that a machine holds. */
export interface BoundHost {
  inventory: string;
  hostname: string;
  planSecret: string;
  addresses: { type: 'Hostname' | 'InternalIP'; address: string }[];
  /** What the annotation `allocation-state` says, as far as the run knows. */
  recorded: AllocationState;
  /** Where it stands. Absent: nobody has said, or it was bound before this field. */
  failureDomain?: string;
  /** Under which name it registers, by the bootstrap data of its plan; null: that leaves it to the host. Absent: not known. */
  nodeName?: string | null;
}

/** A plan of ours that stands in the host's plan Secret. */
export interface WrittenPlan {
  type: MachinePlanType;
  attempt: number;
  /** uid of the plan Secret that it was written to: what makes the attempt's id one of this claim. Absent: written before ids named it. */
  claim?: string;
  /** sha256 of the stored plan bytes. */
  checksum: string;
  /** How long a healthy host needs at most, in milliseconds. */
  deadlineMs: number;
  /** sha256 of the normalised bootstrap data in the plan; null for a clean plan. */
  bootstrapHash: string | null;
  /** The plan makes its host say how it booted afterwards. Absent: it does not, or is of before that. */
  reportsBoot?: true;
  progress: PlanProgress;
}

export type PlanProgress =
  | { kind: 'pending' }
  /** The deadline passed; a late answer still counts. */
  | { kind: 'timedOut' }
  | { kind: 'applied' }
  | { kind: 'failed'; message: string }
  | { kind: 'secretMissing' }
  | { kind: 'taken' };

/**
 * How `awaitPlanResult` ends. `lookAgain` comes from the bridge, whose cache may lag, when the Secret is gone or holds
 * another plan: the activity runs again and reads the Secret itself.
 */
export type PlanAnswer = Exclude<PlanProgress, { kind: 'pending' | 'timedOut' }> | { kind: 'lookAgain' };

/** Where in its life a machine is. Each stage holds exactly what is known there. */
export type Stage =
  /** Nothing was looked at yet. */
  | { kind: 'new' }
  | { kind: 'unclaimed' }
  /** A host is ours; reprovision plan number `attempt` is to be written to it. */
  | { kind: 'claimed'; host: BoundHost; attempt: number }
  /** An operator gave the host up before anything was written to it. */
  | { kind: 'leaving'; host: BoundHost }
  | { kind: 'reprovisioning'; host: BoundHost; plan: WrittenPlan }
  | {
      kind: 'running';
      host: BoundHost;
      /** Checksum and bootstrap hash of what the host applied; null after an adoption that found no plan. */
      applied: AppliedPlan | null;
      /** The time is over in which the host was to say how it booted, and its Node to register. */
      nodeJoinTimedOut: boolean;
      /** Number of the reprovision plan that the host applied. Absent: not known, or noted by a run of before this field. */
      attempt?: number;
      /** The host is to say how it booted: its plan makes it. */
      awaitsBoot?: true;
      /** Number of the reboot plan that the host applied last: the boot after that one is meant. Absent: it was not rebooted. */
      bootAfter?: number;
      /** A reboot that is to be ordered, stands in the Secret, or came to no good end. */
      reboot?: Reboot;
      /** Who took the host away from the node (a reset, a selector); stays, for the host that comes back is blank. */
      takenBy?: string;
    }
  /** A node of ours runs on a host whose inventory is not in the API server (after a move, or deleted). */
  | { kind: 'hostless'; inventory: string; takenBy?: string }
  /** The clean plan number `attempt` is to be written (plan null), stands in the Secret, or was answered. */
  | { kind: 'cleaning'; host: BoundHost; attempt: number; plan: WrittenPlan | null; applied: AppliedPlan | null }
  /** An operator lets the host go without a successful clean. */
  | { kind: 'forcing'; host: BoundHost }
  /** The host is back in the pool, or there was none; only the finalizer is left. */
  | { kind: 'released' }
  | { kind: 'ended'; outcome: 'released' | 'moved' | 'orphaned' };

export interface Reboot {
  /** Number of the reboot plan. */
  attempt: number;
  /** null: it is to be written. */
  plan: WrittenPlan | null;
  /** How the host had booted before it was asked for. Absent: not known. */
  boot?: Boot;
}

/** What a host applied last. */
export interface AppliedPlan {
  checksum: string;
  bootstrapHash: string | null;
}

/** Why the run waits although a step is due: an expected obstacle that a later event removes. */
export interface Obstacle {
  condition: 'InventoryAllocated' | 'BootstrapReady' | 'ImageResolved' | 'PlanApplied';
  reason: Reason;
  message: string;
  /** The failure domain that has no free host. Absent: none is asked for. */
  failureDomain?: string;
}

/** A step that ended without its work done, and waits to be tried again. */
export interface Halt {
  /** Kind of the step. */
  step: string;
  condition: 'InventoryAllocated' | 'PlanApplied';
  reason: 'WriteRefused' | 'InventoryUnreadable' | 'Unreachable' | 'Restless';
  message: string;
  /** How often in a row. */
  count: number;
  /** `revision` that the step began with; an event ends the wait. */
  revision: number;
  /** The time to wait is over. */
  due: boolean;
}

/** All that a run knows of its machine; plain JSON, carried through continue-as-new. */
export interface MachineLife {
  snapshot: MachineSnapshot;
  /** How long a provisioned host's Node may take to register, in milliseconds. */
  nodeJoinDeadlineMs: number;
  /** Counts events; an obstacle is tried again when it has moved. */
  revision: number;
  stage: Stage;
  obstacles: Obstacle[];
  /** `revision` of the inputs that met the obstacles. */
  obstaclesRevision: number;
  /** `revision` at which the run looked itself at the trouble that the bridge sees with its host. */
  lookedAt?: number;
  /** A step looked itself, and the object is gone. Absent: nobody has looked. */
  goneSeen?: boolean;
  /** Absent: every step so far did its work, or came to an obstacle. */
  halt?: Halt;
  /** An operator paused the machine; holds beside CAPI's own pause. */
  pausedByOperator: boolean;
  /** Hosts that an operator gave up for this machine; they are not claimed again. */
  avoidedHosts: string[];
  /** What an operator asked for last, and what became of it. */
  lastOperation: OperationRecord | null;
  /** The reboot that was asked for last, and why it was refused when it came to it. Absent: none was. */
  lastReboot?: { attempt: number; refused?: string };
  /** The phases so far. Absent: a run of before this field. */
  phases?: PhaseStay[];
}

export const operatorVerbs = ['retry', 'reboot', 'reallocate', 'forceRelease', 'pause', 'resume'] as const;
/** What an operator can ask of a machine's run. */
export type OperatorVerb = (typeof operatorVerbs)[number];

/** One request of an operator, as it is kept and shown. */
export interface OperationRecord {
  verb: OperatorVerb;
  /** Who asked; as they say. */
  actor: string;
  /** Why; as they say. */
  reason: string;
  accepted: boolean;
  /** What happens now, or why not. */
  answer: string;
}

/** The life of a machine of which nothing but its first snapshot is known. */
export function startLife(snapshot: MachineSnapshot): MachineLife {
  return {
    snapshot,
    nodeJoinDeadlineMs: 0,
    revision: 0,
    stage: { kind: 'new' },
    obstacles: [],
    obstaclesRevision: -1,
    pausedByOperator: false,
    avoidedHosts: [],
    lastOperation: null,
  };
}

/** The host that the stage holds, if any. */
export function hostOf(stage: Stage): BoundHost | undefined {
  return 'host' in stage ? stage.host : undefined;
}

/** The plan of ours that the stage knows of, if any. */
export function standingPlan(stage: Stage): WrittenPlan | null {
  if ('plan' in stage) return stage.plan;
  return stage.kind === 'running' ? (stage.reboot?.plan ?? null) : null;
}

/** Who took the host away from the node, if anybody did. */
export function takerOf(stage: Stage): string | undefined {
  return stage.kind === 'running' || stage.kind === 'hostless' ? stage.takenBy : undefined;
}

/** The life as a new run takes it over: the same, with the count of events begun anew. */
export function carryOver(life: MachineLife): MachineLife {
  const holds = life.obstaclesRevision === life.revision;
  const looked = life.lookedAt === life.revision;
  const halt = life.halt && { ...life.halt, revision: life.halt.revision === life.revision ? 0 : -1 };
  return {
    ...life,
    revision: 0,
    obstaclesRevision: holds ? 0 : -1,
    lookedAt: looked ? 0 : -1,
    ...(halt !== undefined && { halt }),
  };
}

/** Temporal accepts 10,000 signals a run and does not count them in its suggestion to continue as new. */
export const MAX_EVENTS_PER_RUN = 5_000;
