import type { PlanRun } from './plan-run.ts';
import { encodeOutputs, type OutputMap, planChecksum } from '../../elemental/host-plan.ts';
import { readText, type SecretData, toValue } from '../../elemental/plan-secret.ts';
import { formatUnixDate } from './unix-date.ts';

/** Decimal text; anything else reads as 0. */
export function readCount(data: SecretData, key: string): number {
  const value = readText(data, key);
  return /^-?\d+$/.test(value) ? Number(value) : 0;
}

/** The success branch of a pass that ran nothing: an output that is not there becomes an empty value. */
export function layUnchangedSuccess(data: SecretData, checksum: string): SecretData {
  return {
    ...layCommon(data),
    'applied-checksum': toValue(checksum),
    'applied-output': data['applied-output'] ?? '',
    'failed-checksum': '',
    'failed-output': '',
    'failure-count': toValue('0'),
  };
}

/** Keys after a run in which every instruction exited with 0. */
export function layRunSuccess(run: PlanRun, outputs: OutputMap, startedAtMs: number): SecretData {
  return {
    ...layUnchangedSuccess(run.data, run.checksum),
    'applied-output': encodeOutputs(outputs),
    'success-count': toValue(String(readCount(run.data, 'success-count') + 1)),
    'last-apply-time': toValue(formatUnixDate(startedAtMs)),
    ...(run.mode === 'plan-state' && { 'plan-state': toValue('succeeded') }),
  };
}

/** Keys after a run that ended at an instruction which failed or could not be started. */
export function layRunFailure(run: PlanRun, outputs: OutputMap, startedAtMs: number): SecretData {
  return {
    ...layCommon(run.data),
    'failed-checksum': toValue(run.checksum),
    'failed-output': encodeOutputs(outputs),
    'failure-count': toValue(String(readCount(run.data, 'failure-count') + 1)),
    'success-count': toValue('0'),
    'last-apply-time': toValue(formatUnixDate(startedAtMs)),
    ...(run.mode === 'plan-state' && { 'plan-state': toValue('failed') }),
  };
}

/** What every pass writes, whatever it did. */
export function layCommon(data: SecretData): SecretData {
  return {
    ...data,
    'probe-statuses': data['probe-statuses'] ?? toValue('{}'),
    'applied-periodic-output': data['applied-periodic-output'] ?? encodeOutputs({}),
  };
}

const statusKeys = [
  'applied-checksum',
  'applied-output',
  'applied-periodic-output',
  'failed-checksum',
  'failed-output',
  'failure-count',
  'success-count',
  'last-apply-time',
  'probe-statuses',
  'plan-state',
  'plan-revision',
] as const;

/**
 * The one merge after a conflict: status keys go over the newest object when its plan is the one that was applied.
 * Undefined: the process must exit and lose its result, which is what happens to every failure.
 */
export function mergeAfterConflict(latest: SecretData, result: SecretData): SecretData | undefined {
  const standing = planChecksum(Buffer.from(latest['plan'] ?? '', 'base64'));
  if (readText(result, 'applied-checksum') !== standing) return undefined;
  return { ...latest, ...Object.fromEntries(statusKeys.map((key) => [key, result[key] ?? ''])) };
}

/** Whether two data maps are equal: an equal one is not written. */
export function isSameData(left: SecretData, right: SecretData): boolean {
  const keys = Object.keys(left);
  return keys.length === Object.keys(right).length && keys.every((key) => left[key] === right[key]);
}
