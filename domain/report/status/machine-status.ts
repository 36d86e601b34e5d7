import { reasons } from '../../../api/conditions.ts';
import { type MachinePhase } from '../../../api/constants.ts';
import { appliedOf } from '../../life/advance-host.ts';
import { assertNever } from '../../assert-never.ts';
import { inventoryOf, isPaused } from '../../life/lifecycle.ts';
import { bootCondition } from './boot-condition.ts';
import { type DesiredCondition, fails, findObstacle, holds } from './machine-condition.ts';
import {
  type BoundHost,
  hostOf,
  type MachineLife,
  type OperationRecord,
  type WrittenPlan,
} from '../../life/machine-life.ts';
import type { MachineSnapshot } from '../../inputs/machine-snapshot.ts';
import { nodeCondition } from './node-condition.ts';
import { planCondition } from './plan-condition.ts';

/** The status that the run wants to see on its object. null: the field is absent. */
export interface DesiredStatus {
  /** null: leave it as it is (nothing is known yet). */
  phase: MachinePhase | null;
  /** The run has not looked at the world yet: all that an earlier one wrote stays, but for what this one knows. */
  unlooked?: true;
  provisioned: boolean;
  inventory: string | null;
  /** Names of hosts that are not claimed again. Absent: not known yet, what stands there holds. */
  avoidedInventories?: string[];
  /** Absent: not known yet, what stands there holds. */
  pausedByOperator?: boolean;
  planSecret: string | null;
  /** Where the host stands. Absent: not known, what stands there for the same host holds. */
  failureDomain?: string;
  /** Where it has to stand, while none is free there. Absent: it waits for no such host. */
  awaitedFailureDomain?: string;
  addresses: BoundHost['addresses'];
  /** Absent: not known yet, what stands there for the same host holds. */
  nodeName?: string | null;
  appliedPlanChecksum: string | null;
  appliedBootstrapHash: string | null;
  /** The snapshot that was acted on; written as its fingerprint. */
  observed: MachineSnapshot;
  lastOperation: OperationRecord | null;
  conditions: DesiredCondition[];
}

/** A status on its way to the object; of one run, a lower number never replaces a higher one. */
export interface NumberedStatus extends DesiredStatus {
  number: number;
  /** It says what stands there already: its number shows that the run has heard what it was told. */
  answersOnly?: true;
}

/** Projects what the run knows onto the object's status. */
export function projectStatus(life: MachineLife): DesiredStatus {
  const { stage, snapshot } = life;
  const host = hostOf(stage);
  const applied = appliedOf(life);
  const provisioned = isProvisioned(life);
  const details = [
    inventoryCondition(life),
    bootstrapCondition(life),
    imageCondition(life),
    planCondition(life),
    bootCondition(life),
    nodeCondition(life),
  ].filter((condition) => condition !== null);
  return {
    phase: phaseOf(life),
    ...(stage.kind === 'new' && { unlooked: true }),
    provisioned,
    inventory: inventoryOf(stage) ?? null,
    ...wishesOf(life),
    planSecret: host?.planSecret ?? null,
    ...(host?.failureDomain !== undefined && { failureDomain: host.failureDomain }),
    ...awaitedOf(life),
    addresses: provisioned && host !== undefined ? host.addresses : [],
    ...(provisioned && host?.nodeName !== undefined && { nodeName: host.nodeName }),
    appliedPlanChecksum: applied?.checksum ?? null,
    appliedBootstrapHash: applied?.bootstrapHash ?? null,
    observed: snapshot,
    lastOperation: life.lastOperation,
    conditions: [readyCondition(life, details), ...details, pausedCondition(life)],
  };
}

function awaitedOf({ stage, obstacles }: MachineLife): Pick<DesiredStatus, 'awaitedFailureDomain'> {
  const awaited = obstacles.find(({ failureDomain }) => failureDomain !== undefined)?.failureDomain;
  return stage.kind === 'unclaimed' && awaited !== undefined ? { awaitedFailureDomain: awaited } : {};
}

/** A run that has not begun does not know yet what an earlier one was asked for. */
function wishesOf(life: MachineLife): Pick<DesiredStatus, 'avoidedInventories' | 'pausedByOperator'> {
  const { stage, avoidedHosts, pausedByOperator, lastOperation } = life;
  const begun = stage.kind !== 'new';
  const asked = lastOperation?.verb === 'pause' || lastOperation?.verb === 'resume';
  return {
    ...((begun || avoidedHosts.length > 0) && { avoidedInventories: avoidedHosts }),
    ...((begun || asked) && { pausedByOperator }),
  };
}

/** Nothing has failed: it goes on by itself. */
const calmObstacles = new Set<string>([reasons.BootstrapWaiting, reasons.WaitingForSlot]);

/** The summary for people: where in its life the machine is. */
export function phaseOf(life: MachineLife): MachinePhase | null {
  const { stage, obstacles, snapshot } = life;
  switch (stage.kind) {
    case 'new':
      return isPaused(life) ? null : 'Pending';
    case 'leaving':
    case 'unclaimed':
      return 'Pending';
    case 'claimed':
      return obstacles.some(({ reason }) => !calmObstacles.has(reason)) ? 'Failed' : 'Allocated';
    case 'reprovisioning':
      return planFailed(stage.plan) ? 'Failed' : 'Reprovisioning';
    case 'running':
    case 'hostless':
      return snapshot.deleting ? 'Preparing' : 'Running';
    case 'cleaning':
      return planFailed(stage.plan) ? 'Failed' : 'Preparing';
    case 'forcing':
    case 'released':
    case 'ended':
      return 'Preparing';
    default:
      return assertNever(stage);
  }
}

function planFailed(plan: WrittenPlan | null): boolean {
  const kind = plan?.progress.kind;
  return kind === 'failed' || kind === 'secretMissing' || kind === 'taken';
}

function isProvisioned({ stage }: MachineLife): boolean {
  return stage.kind === 'running' || stage.kind === 'hostless' || (stage.kind === 'cleaning' && stage.applied !== null);
}

function inventoryCondition(life: MachineLife): DesiredCondition | null {
  const { stage, snapshot } = life;
  const obstacle = findObstacle(life, 'InventoryAllocated');
  // Who waits for its Machine or its Cluster does not want a host now, however the last claim ended.
  const wantsHost = stage.kind !== 'unclaimed' || isReadyForHost(life);
  if (obstacle !== null && wantsHost) return obstacle;
  const host = hostOf(stage);
  if (host !== undefined && snapshot.hostMissing) {
    return fails(
      'InventoryAllocated',
      reasons.InventoryMissing,
      `MachineInventory ${host.inventory} is gone; nothing can be written to the host. Restore it, or delete the Machine`,
    );
  }
  if (host !== undefined) return holds('InventoryAllocated', `Host ${host.inventory}`);
  if (snapshot.machine === null) {
    return fails('InventoryAllocated', reasons.WaitingForMachine, 'No Machine of Cluster API owns this object yet');
  }
  if (snapshot.cluster?.infrastructureReady !== true) {
    return fails(
      'InventoryAllocated',
      reasons.WaitingForClusterInfrastructure,
      `The Cluster's infrastructure is not provisioned yet; see its BaremetalCluster${quoteWaitedFor(snapshot)}`,
    );
  }
  return null;
}

function isReadyForHost({ snapshot }: MachineLife): boolean {
  return snapshot.machine !== null && snapshot.cluster?.infrastructureReady === true;
}

function bootstrapCondition(life: MachineLife): DesiredCondition | null {
  const { stage, snapshot } = life;
  const obstacle = findObstacle(life, 'BootstrapReady');
  if (obstacle?.reason === reasons.BootstrapWaiting) {
    return { ...obstacle, message: `${obstacle.message}${quoteWaitedFor(snapshot)}` };
  }
  if (obstacle !== null) return obstacle;
  if (stage.kind === 'reprovisioning' || stage.kind === 'running') return holds('BootstrapReady');
  if (stage.kind === 'claimed' && snapshot.provisioning?.bootstrapSecret === null) {
    const message = `The bootstrap Secret is not there yet${quoteWaitedFor(snapshot)}`;
    return fails('BootstrapReady', reasons.BootstrapWaiting, message);
  }
  return null;
}

/** What is waited for speaks for itself, where it says anything. */
export function quoteWaitedFor({ waitsFor }: MachineSnapshot): string {
  return waitsFor === undefined ? '' : ` (${waitsFor})`;
}

function imageCondition(life: MachineLife): DesiredCondition | null {
  const obstacle = findObstacle(life, 'ImageResolved');
  if (obstacle !== null) return obstacle;
  return life.stage.kind === 'reprovisioning' || life.stage.kind === 'running' ? holds('ImageResolved') : null;
}

/**
 * The first condition that is False decides. Booted, NodeJoined and Paused stay out: CAPI mirrors Ready as InfrastructureReady,
 * and a MachineHealthCheck counts its node start-up time from there.
 */
function readyCondition(life: MachineLife, details: DesiredCondition[]): DesiredCondition {
  const late = new Set<string>(['Booted', 'NodeJoined']);
  const culprit = details.find(({ status, type }) => status === 'False' && !late.has(type));
  if (culprit !== undefined) return fails('Ready', culprit.reason, culprit.message);
  if (life.snapshot.deleting) return fails('Ready', reasons.Deleting, 'The machine is being deleted');
  // The column Reason shows this one: a pause is to be seen there whatever else the machine is.
  if (isProvisioned(life)) return isPaused(life) ? { ...holds('Ready'), reason: reasons.Paused } : holds('Ready');
  if (isPaused(life)) return fails('Ready', reasons.Paused, 'Reconciliation is paused');
  return fails('Ready', reasons.PlanPending, 'The machine is on its way; no step is blocked');
}

const late: readonly string[] = [reasons.BootTimedOut, reasons.NodeJoinTimedOut];

/** Ready says nothing of a host that does not boot, or of a Node that does not come in time. */
export function latenessOf({ conditions }: Pick<DesiredStatus, 'conditions'>): string | undefined {
  return conditions.find(({ status, reason }) => status === 'False' && late.includes(reason))?.reason;
}

function pausedCondition({ snapshot, pausedByOperator }: MachineLife): DesiredCondition {
  const causes = [
    ...(snapshot.paused ? ['The Cluster or this object is paused'] : []),
    ...(pausedByOperator ? ['An operator paused the machine; resume lets it go on'] : []),
  ];
  return causes.length > 0
    ? { type: 'Paused', status: 'True', reason: reasons.Paused, message: causes.join('. ') }
    : { type: 'Paused', status: 'False', reason: reasons.NotPaused, message: '' };
}
