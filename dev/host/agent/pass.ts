import { layCommon, layUnchangedSuccess, readCount } from './result.ts';
import {
  decodeOutputs,
  type HostPlan,
  parseHostPlan,
  planChecksum,
  UnreportedPlanError,
} from '../../elemental/host-plan.ts';
import type { PlanSecret, SecretData } from '../../elemental/plan-secret.ts';
import { readText, toValue } from '../../elemental/plan-secret.ts';
import type { PlanRun } from './plan-run.ts';
import { parseUnixDate } from './unix-date.ts';

/** What one process of the agent knows; lost when it ends. */
export interface AgentMemory {
  /** resourceVersion that the own last write returned; '' before. */
  lastResourceVersion: string;
  uid: string;
  /** A first pass took place: no forced run any more. */
  ranOnce: boolean;
  periodMs: number;
}

export interface PassInput {
  secret: PlanSecret;
  memory: AgentMemory;
  /** The host's clock. */
  nowMs: number;
  retryCooldownMs: number;
  /** Agents before v0.15.0 do not know the key `plan-state`. */
  ignoresPlanState: boolean;
}

/** What a pass does, before any I/O. `settled` writes `data` when it differs from what stands there. */
export type PassDecision =
  | { kind: 'stale' }
  | { kind: 'idle'; memory: AgentMemory }
  | { kind: 'unreadable'; memory: AgentMemory; message: string }
  | { kind: 'settled'; memory: AgentMemory; plan: HostPlan; data: SecretData; checksum: string }
  | { kind: 'run'; memory: AgentMemory; run: PlanRun };

/** Memory of a process that has just begun. */
export function freshMemory(periodMs: number): AgentMemory {
  return { lastResourceVersion: '', uid: '', ranOnce: false, periodMs };
}

/**
 * Decides one pass over the plan Secret as rancher/system-agent v0.15.0 does (pkg/k8splan/watcher.go): checksum mode,
 * or plan-state mode where `plan-state` is non-empty, with its wrong success branch.
 */
export function decidePass(input: PassInput): PassDecision {
  const { metadata, data } = input.secret;
  const known = input.memory.uid;
  const memory = known === '' || known === metadata.uid ? input.memory : freshMemory(input.memory.periodMs);
  if (memory.lastResourceVersion !== '' && BigInt(metadata.resourceVersion) < BigInt(memory.lastResourceVersion)) {
    return { kind: 'stale' };
  }
  const next = { ...memory, uid: metadata.uid, periodMs: readPeriodMs(data, memory.periodMs) };
  if (data['plan'] === undefined) return { kind: 'idle', memory: next };
  try {
    const bytes = Buffer.from(data['plan'], 'base64');
    const found = { plan: parseHostPlan(bytes), checksum: planChecksum(bytes) };
    const state = input.ignoresPlanState ? '' : readText(data, 'plan-state');
    const settledMemory = { ...next, ranOnce: true };
    const decided =
      state === '' ? decideByChecksum({ ...input, memory: next }, found) : decideByState(data, state, found);
    return decided.kind === 'run'
      ? { kind: 'run', memory: settledMemory, run: decided.run }
      : { kind: 'settled', memory: settledMemory, plan: found.plan, data: decided.data, checksum: found.checksum };
  } catch (error) {
    if (!(error instanceof UnreportedPlanError)) throw error;
    return { kind: 'unreadable', memory: next, message: error.message };
  }
}

interface FoundPlan {
  plan: HostPlan;
  checksum: string;
}
type Decided = { kind: 'run'; run: PlanRun } | { kind: 'settled'; data: SecretData };

function decideByChecksum(input: PassInput, { plan, checksum }: FoundPlan): Decided {
  const { data: stored, metadata } = input.secret;
  const forced = !input.memory.ranOnce;
  const data = forced ? { ...stored, 'applied-checksum': '' } : stored;
  const failureCount = readCount(stored, 'failure-count');
  const failedBefore = failureCount !== 0 && readText(stored, 'failed-checksum') === checksum;
  const due = forced || readText(stored, 'applied-checksum') !== checksum;
  if (failedBefore && (!due || mustNotRetry(input, failureCount))) return { kind: 'settled', data: layCommon(data) };
  const ownWrite = metadata.resourceVersion === input.memory.lastResourceVersion && !failedBefore;
  if (!due || ownWrite) return { kind: 'settled', data: layUnchangedSuccess(data, checksum) };
  const outputs = decodeOutputs(stored[failedBefore ? 'failed-output' : 'applied-output']);
  const attempt = failureCount + 1;
  return { kind: 'run', run: { plan, checksum, attempt, mode: 'checksum', data, announcement: undefined, outputs } };
}

/** At `max-failures`, or within the cooldown after the start of the last attempt. */
function mustNotRetry(input: PassInput, failureCount: number): boolean {
  const { data } = input.secret;
  const maxFailures = /^-?\d+$/.test(readText(data, 'max-failures')) ? Number(readText(data, 'max-failures')) : -1;
  if (maxFailures >= 0 && failureCount >= maxFailures) return true;
  const lastApplyMs = parseUnixDate(readText(data, 'last-apply-time'));
  return lastApplyMs !== undefined && input.nowMs < lastApplyMs + input.retryCooldownMs;
}

function decideByState(data: SecretData, state: string, { plan, checksum }: FoundPlan): Decided {
  if (state !== 'pending' && state !== 'in-progress') {
    // The upstream mistake: whatever the terminal state, the plan counts as applied and a failure loses its evidence.
    return { kind: 'settled', data: layUnchangedSuccess(data, checksum) };
  }
  const announcement =
    state === 'pending'
      ? {
          ...data,
          'plan-state': toValue('in-progress'),
          'plan-revision': toValue(String(readCount(data, 'plan-revision') + 1)),
        }
      : undefined;
  const attempt = state === 'pending' ? 1 : readCount(data, 'failure-count') + 1;
  const outputs = decodeOutputs(data['applied-output']);
  const run: PlanRun = {
    plan,
    checksum,
    attempt,
    mode: 'plan-state',
    data: announcement ?? data,
    announcement,
    outputs,
  };
  return { kind: 'run', run };
}

function readPeriodMs(data: SecretData, current: number): number {
  const seconds = readText(data, 'probe-period-seconds');
  return /^[1-9]\d*$/.test(seconds) ? Number(seconds) * 1000 : current;
}
