import { annotations, foreign, type PlanType, planTypes } from '../../api/constants.ts';
import type { Secret } from '../../api/core.ts';
import { parseAttemptId } from './attempt.ts';
import { type BootReport, readBootReport } from './boot-report.ts';
import { checksumOf, type RenderedPlan, readPlanAttempt } from './document.ts';

/** What `plan-state` says; elemental and this provider never write it. */
export type PlanState = '' | 'pending' | 'in-progress' | 'succeeded' | 'failed' | 'other';

/** A plan Secret without its bodies: small, and nothing in it is secret or chosen freely by a host. */
export interface PlanSecretView {
  namespace: string;
  name: string;
  uid: string;
  resourceVersion: string;
  /** sha256 hex of the bytes of `plan`; '' if there is none. */
  planChecksum: string;
  /** No plan stands there, or elemental-operator's `{}` from before anybody wrote one. */
  isEmpty: boolean;
  /** Attempt id that stands in the plan itself, so that annotations which outlive their plan cannot deceive. */
  planAttempt: string | undefined;
  /** Our annotation. */
  planType: PlanType | undefined;
  /** Somebody else's kind of plan, as its annotation says: elemental's `bootstrap` or `reset`, the operator's `storage-…`, or one that we do not know. */
  foreignPlanType: string | undefined;
  /** The Secret has the type of plan Secrets. */
  isPlanSecret: boolean;
  /** uid of its controller; elemental-operator makes the inventory the controller (notes/host-agent.md section 5). */
  controllerUid: string | undefined;
  /** The API server refuses every change of its data. */
  immutable: boolean;
  /** Lowercase hex; '' when absent or anything else. */
  appliedChecksum: string;
  failedChecksum: string;
  /** Unparsable counts as 0, as the agent reads it. */
  failureCount: number;
  /** undefined: attempts without end, as the agent reads it. */
  maxFailures: number | undefined;
  planState: PlanState;
  /** What the host says of its boot since it applied the plan of ours that stands there. It may be shown; it proves nothing. */
  boot: (BootReport & { reboot?: number | undefined }) | undefined;
}

/** Reduces a plan Secret to what decisions need, whatever stands in its keys. */
export function viewPlanSecret({ metadata, data, type, immutable }: Secret): PlanSecretView {
  const plan = Buffer.from(data['plan'] ?? '', 'base64');
  const attempt = readPlanAttempt(plan);
  const planAttempt = attempt !== undefined && parseAttemptId(attempt) !== undefined ? attempt : undefined;
  const planChecksum = plan.length === 0 ? '' : checksumOf(plan);
  const appliedChecksum = readChecksum(data['applied-checksum']);
  const applied = planAttempt !== undefined && appliedChecksum === planChecksum;
  return {
    namespace: metadata.namespace,
    name: metadata.name,
    uid: metadata.uid,
    resourceVersion: metadata.resourceVersion,
    planChecksum,
    isEmpty: plan.length < 16 && ['', '{}'].includes(plan.toString('latin1').trim()),
    planAttempt,
    planType: planTypes.find((type) => type === metadata.annotations[annotations.planType]),
    foreignPlanType: foreignPlanTypeOf(metadata.annotations),
    isPlanSecret: type === foreign.planSecretType,
    controllerUid: metadata.ownerReferences.find(({ controller }) => controller === true)?.uid,
    immutable: immutable === true,
    appliedChecksum,
    failedChecksum: readChecksum(data['failed-checksum']),
    failureCount: readCount(data['failure-count']) ?? 0,
    maxFailures: readCount(data['max-failures']),
    planState: readState(data['plan-state']),
    boot: applied ? readBoot(planAttempt, data['applied-output']) : undefined,
  };
}

/** `reboot`: number of the reboot plan after which the host booted. */
function readBoot(planAttempt: string, output: string | undefined): PlanSecretView['boot'] {
  const report = readBootReport(output);
  const standing = parseAttemptId(planAttempt);
  return report && { ...report, ...(standing?.planType === 'reboot' && { reboot: standing.attempt }) };
}

/**
 * The kind of plan that somebody else wants the host for, if the annotations of its plan Secret name one. A kind that we
 * do not know is not ours, whoever annotates more of them.
 */
export function foreignPlanTypeOf(notes: Readonly<Record<string, string>>): string | undefined {
  const elemental = notes[foreign.elementalPlanTypeAnnotation] ?? '';
  if (elemental !== '' && elemental !== foreign.noElementalPlan) return wordOf(elemental);
  const own = notes[annotations.planType] ?? '';
  return own === '' || planTypes.some((type) => type === own) ? undefined : wordOf(own);
}

/** Somebody wrote it, and people are shown it. */
function wordOf(planType: string): string {
  // A copy: a slice would keep the whole annotation in memory.
  return Buffer.from(planType.slice(0, 64).replaceAll(/[^\w.-]/g, '?')).toString();
}

export type PlanResult = { kind: 'running' } | { kind: 'applied' } | { kind: 'failed' } | { kind: 'taken' };

/**
 * Result of an attempt (system.md section 5). `taken`: somebody else's plan stands there. The caller latches the first
 * answer other than `running`, because the agent may lose a result at the host's next reboot.
 */
export function readPlanResult(view: PlanSecretView, expected: { checksum: string; attemptId: string }): PlanResult {
  const { checksum } = expected;
  if (view.planChecksum !== checksum || view.planAttempt !== expected.attemptId) return { kind: 'taken' };
  switch (view.planState) {
    case 'succeeded':
      return { kind: 'applied' };
    case 'failed':
      return { kind: 'failed' };
    case 'pending':
    case 'in-progress':
    case 'other':
      return { kind: 'running' };
    case '':
      break;
  }
  if (view.failedChecksum !== checksum) return { kind: view.appliedChecksum === checksum ? 'applied' : 'running' };
  const exhausted = view.maxFailures !== undefined && view.failureCount >= view.maxFailures;
  return { kind: exhausted ? 'failed' : 'running' };
}

/** Which state of an object a patch is meant for; the API server refuses it for any other. */
export interface Precondition {
  resourceVersion: string;
  uid?: string;
}

/**
 * The one merge patch that puts a plan to work: all that earlier plans left is emptied (the evidence of a failure is put
 * aside), counts begin anew, and the agent
 * is held to checksum mode and a single attempt, unless nobody is left to order another one: then it tries for itself.
 * Until the result nothing else may be written to the Secret.
 */
export function planSecretPatch(
  order: Precondition & {
    plan: RenderedPlan;
    attemptId: string;
    planType: PlanType;
    unattended?: boolean;
    /** See `keepLastFailure`. */
    lastFailure?: Readonly<Record<string, string | null>>;
  },
): object {
  return {
    metadata: {
      ...preconditionOf(order),
      annotations: { [annotations.planType]: order.planType, [annotations.planAttempt]: order.attemptId },
    },
    data: {
      ...order.lastFailure,
      plan: encode(order.plan.json),
      'applied-checksum': '',
      'failed-checksum': '',
      'failed-output': '',
      'applied-output': '',
      'failure-count': encode('0'),
      'max-failures': order.unattended === true ? null : encode('1'),
      'plan-state': null,
      'plan-revision': null,
    },
  };
}

/** Merge patch for a host that is let go: elemental's own reset plan would inherit our single attempt. */
export function releasePatch(precondition: Precondition): object {
  return { metadata: preconditionOf(precondition), data: { 'max-failures': null } };
}

function preconditionOf({ resourceVersion, uid }: Precondition): Precondition {
  return { resourceVersion, ...(uid !== undefined && { uid }) };
}

function encode(text: string): string {
  return Buffer.from(text, 'utf8').toString('base64');
}

/** Values that we look at are short; a longer one is garbage and not worth decoding. */
function decodeShort(value: string | undefined): string {
  return value === undefined || value.length > 128 ? '' : Buffer.from(value, 'base64').toString('latin1').trim();
}

function readChecksum(value: string | undefined): string {
  const text = decodeShort(value);
  return /^[0-9a-f]{64}$/.test(text) ? text : '';
}

function readCount(value: string | undefined): number | undefined {
  const text = decodeShort(value);
  return /^\d{1,9}$/.test(text) ? Number(text) : undefined;
}

function readState(value: string | undefined): PlanState {
  const states = ['pending', 'in-progress', 'succeeded', 'failed'] as const;
  if (value === undefined || value === '') return '';
  const text = decodeShort(value);
  return states.find((state) => state === text) ?? 'other';
}
