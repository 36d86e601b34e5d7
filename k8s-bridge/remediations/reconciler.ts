import { createHash } from 'node:crypto';
import type { CapiClusterView, CapiMachineView } from '../../domain/inputs/capi-view.ts';
import type { HostView } from '../../domain/inputs/host-view.ts';
import type { MachineView } from '../../domain/inputs/machine-view.ts';
import { type RemediationView, viewRemediation } from '../../domain/inputs/remediation-view.ts';
import { assertNever } from '../../domain/assert-never.ts';
import { keyText } from '../../domain/pool/indexes.ts';
import { afterRefusal, nextMove, orderReason, type RemediationMove } from '../../domain/remediation/next-move.ts';
import { changeStatus, type StatusChange } from '../../domain/remediation/status.ts';
import { baremetalRemediations } from '../../api/resources.ts';
import { isConflict, isNotFound, type KubeClient } from '../../runtime/kube/client.ts';
import { parseKey } from '../../runtime/kube/object-key.ts';
import type { AnswerMemory } from '../hosts/answer-memory.ts';
import {
  CONFLICT_REQUEUE_MS,
  type ReadStore,
  type ReconcilerLogger,
  type ReconcileResult,
  type WritableStore,
} from '../reconcile/ports.ts';
import { noteRefusedOperation } from '../reconcile/refused-operation.ts';
import type { RetryPauses } from '../reconcile/retry-pauses.ts';
import type { MachineRuns } from '../runs/machine-runs.ts';
import { handToOwner } from './owner-remediation.ts';
import { ACTOR, quarantineSuspect } from './suspect-host.ts';

export interface RemediationDeps {
  client: Pick<KubeClient, 'find' | 'patch' | 'create'>;
  remediations: Pick<WritableStore<RemediationView>, 'get' | 'upsert'>;
  machines: Pick<ReadStore<MachineView>, 'byIndex'>;
  capiMachines: Pick<ReadStore<CapiMachineView>, 'get'>;
  capiClusters: Pick<ReadStore<CapiClusterView>, 'get' | 'problemOf'>;
  hosts: Pick<WritableStore<HostView>, 'get' | 'upsert'>;
  runs: Pick<MachineRuns, 'operate'>;
  /** Who was refused a reboot is not asked for again at once. */
  refusals: AnswerMemory;
  pauses: RetryPauses;
  logger: ReconcilerLogger;
  /** Wall clock. */
  now: () => Date;
}

/** A time that is far off is looked at now and then. */
const LONGEST_WAIT_MS = 3_600_000;

/**
 * Heals the Machine of a request by a reboot of its host, or hands it to its owner: level-triggered, with all that has to be
 * remembered in the request's status. Nothing ends a reboot that is under way; who made the request deletes it.
 * @throws when Temporal or the API server cannot be asked: the key is to be tried again
 */
export async function reconcileRemediation(key: string, deps: RemediationDeps): Promise<ReconcileResult> {
  const request = deps.remediations.get(parseKey(key));
  const world = request && findWorld(request, deps);
  if (request === undefined || world === undefined) {
    deps.refusals.forget(key);
    deps.pauses.forget(key);
    return {};
  }
  try {
    const result = await (request.phase === 'GivenUp' ? finish : move)(request, world, deps);
    deps.pauses.forget(key);
    return result;
  } catch (error) {
    if (isConflict(error)) return { requeueAfterMs: CONFLICT_REQUEUE_MS };
    if (isNotFound(error)) return {};
    return noteRefusedOperation(baremetalRemediations, request, error, deps, 'The remediation waits');
  }
}

interface World {
  machine: MachineView;
  capiMachine: CapiMachineView;
  isPaused: boolean;
}

/** The Machine for which the request was made, if it is there and a machine of ours. */
function findWorld(request: RemediationView, deps: RemediationDeps): World | undefined {
  const capiMachine = deps.capiMachines.get(request);
  if (request.deleting || capiMachine === undefined || capiMachine.uid !== request.machineUid) return undefined;
  const [machine] = deps.machines.byIndex('ownerMachine', keyText(request));
  if (machine === undefined) return undefined;
  const cluster = { namespace: request.namespace, name: capiMachine.clusterName };
  const isHeld = deps.capiClusters.get(cluster)?.paused === true || deps.capiClusters.problemOf(cluster) !== undefined;
  return { machine, capiMachine, isPaused: isHeld || machine.pausedByAnnotation || machine.reportsPaused };
}

async function move(request: RemediationView, world: World, deps: RemediationDeps): Promise<ReconcileResult> {
  const { machine, capiMachine, isPaused } = world;
  const next = nextMove(request, {
    machine,
    // Without a check that fails nobody knows that a reboot is of use: the Machine is told so a moment after the request.
    isHealthy: capiMachine.isUnhealthy !== true,
    isDeleting: capiMachine.deleting || machine.deleting,
    isPaused,
    nowMs: deps.now().getTime(),
  });
  return next.kind === 'order' ? orderReboot(request, world, next.number, deps) : carryOut(request, world, next, deps);
}

async function carryOut(
  request: RemediationView,
  world: World,
  next: Exclude<RemediationMove, { kind: 'order' }>,
  deps: RemediationDeps,
): Promise<ReconcileResult> {
  switch (next.kind) {
    case 'hold':
      await write(request, { paused: true }, deps);
      return {};
    case 'report': {
      const { phase, reason, message, lookAgainMs } = next;
      await write(request, { phase, reason, message, paused: false }, deps);
      return lookAgainMs === undefined ? {} : { requeueAfterMs: Math.min(lookAgainMs, LONGEST_WAIT_MS) };
    }
    case 'giveUp': {
      const { message, isSuspect } = next;
      const change = { phase: 'GivenUp', reason: 'GivenUp', message, paused: false } as const;
      const given = await write(request, { ...change, ...(isSuspect && { quarantine: 'due' }) }, deps);
      deps.logger.warn({ remediation: keyText(request), host: world.machine.inventory }, message);
      return finish(given, world, deps);
    }
    default:
      return assertNever(next);
  }
}

/** The decision stands in the status: what follows from it is done, once, whatever dies in between. */
async function finish(request: RemediationView, world: World, deps: RemediationDeps): Promise<ReconcileResult> {
  if (world.isPaused) return {};
  const quarantined = await quarantineSuspect(request, world.machine, deps);
  if (quarantined) await write(request, { quarantine: 'done' }, deps);
  await handToOwner(request, deps);
  return {};
}

async function orderReboot(
  request: RemediationView,
  world: World,
  number: number,
  deps: RemediationDeps,
): Promise<ReconcileResult> {
  const { machine } = world;
  const key = keyText(request);
  const reason = orderReason(request, number);
  // Who died after the order finds it in the machine's status.
  if (machine.rebootOrder === reason) return noteOrder(request, number, deps);
  const { phase, readyReason, reportsPaused } = machine;
  const waitMs = deps.refusals.waitMs(key, JSON.stringify([number, phase, readyReason, reportsPaused]), 0);
  if (waitMs > 0) return { requeueAfterMs: waitMs };
  const id = createHash('sha256').update(`${reason} ${machine.resourceVersion}`).digest('hex').slice(0, 32);
  const verdict = await deps.runs.operate(machine, 'reboot', { id, actor: ACTOR, reason });
  if (verdict.kind === 'accepted') return noteOrder(request, number, deps);
  const askAgainMs = deps.refusals.given(key);
  const result = await carryOut(request, world, refusalOf(request, deps, verdict.answer), deps);
  return { requeueAfterMs: Math.min(result.requeueAfterMs ?? Infinity, askAgainMs) };
}

function refusalOf(request: RemediationView, deps: RemediationDeps, answer: string) {
  const next = afterRefusal(request, deps.now().getTime(), answer);
  if (next.kind === 'order') throw new TypeError('A refusal orders nothing');
  return next;
}

async function noteOrder(request: RemediationView, number: number, deps: RemediationDeps): Promise<ReconcileResult> {
  deps.refusals.forget(keyText(request));
  const told = { phase: 'Running', reason: 'Rebooting', message: 'The host reboots', paused: false } as const;
  await write(request, { ...told, ordered: number }, deps);
  return { requeueAfterMs: Math.min(request.timeoutMs, LONGEST_WAIT_MS) };
}

/** Answers the request as it is then. */
async function write(request: RemediationView, change: StatusChange, deps: RemediationDeps): Promise<RemediationView> {
  const status = changeStatus(request, change, deps.now());
  if (status === undefined) return request;
  const { uid, resourceVersion } = request;
  const body = { metadata: { uid, resourceVersion }, status };
  const view = viewRemediation(
    await deps.client.patch(baremetalRemediations, request, body, { subresource: 'status' }),
  );
  deps.remediations.upsert(view);
  return view;
}
