import { z } from 'zod';
import type { Secret } from '../../api/core.ts';
import { parseAttemptId } from './attempt.ts';
import { findEnding } from './failure-output.ts';
import { decodeOutput, encodeOutput } from './host-output.ts';
import { viewPlanSecret } from './secret.ts';

/** Key of a plan Secret with the last failure of ours whose plan is not there any more. */
export const lastFailureKey = 'ironloom-last-failure';

/** What is kept of a failed plan: where it failed, and all that its host said, which stood in this Secret before. */
export interface LastFailure {
  /** Attempt id. */
  attempt: string;
  /** When the host reported it, by the API server's clock; where that does not say, when it was put aside. ISO 8601. */
  time: string;
  /** Where the script ended; null: it does not say. */
  step: string | null;
  code: number | null;
  /** As `failed-output`: base64 of gzip of a JSON map; '' where there was none, or none fits. */
  output: string;
  /** Only the end of the output is kept. */
  truncated?: true | undefined;
}

const lastFailureSchema = z.object({
  attempt: z.string(),
  time: z.string(),
  step: z.string().nullable(),
  code: z.number().nullable(),
  output: z.string(),
  truncated: z.literal(true).optional(),
});

/** Bytes of the key's value. */
const limitBytes = 256 * 1024;
/** What the API server takes as the data of one Secret. */
const secretLimitBytes = 1024 * 1024;
/** Left for what the agent adds to a plan: outputs and counts. */
const reservedBytes = 96 * 1024;

/** What a plan Secret that holds nothing of a failure needs not be read for. */
export function mayHoldFailure({ data }: Secret): boolean {
  return [data['failed-checksum'], data['plan-state'], data[lastFailureKey]].some((value) => (value ?? '') !== '');
}

/** The change of a plan Secret's data; null: the key goes. */
export type KeptFailure = { [lastFailureKey]?: string | null };

/**
 * What a patch that writes a plan of `planBytes` does to the key, as base64: puts aside the failure of ours that the
 * plan replaces, else keeps what stands there, as far as both fit into the Secret. Empty: nothing changes.
 */
export function keepLastFailure(secret: Secret, planBytes: number, now: Date): KeptFailure {
  const standing = secret.data[lastFailureKey];
  const failure = findFailure(secret, now);
  const kept = failure ?? (standing === undefined ? undefined : parseLastFailure(standing));
  const limit = Math.min(limitBytes, secretLimitBytes - reservedBytes - planBytes - otherBytes(secret));
  if (failure === undefined && (standing === undefined || byteLength(standing) <= limit)) return {};
  const value = kept && fit(kept, limit);
  return { [lastFailureKey]: value === undefined ? null : Buffer.from(value, 'utf8').toString('base64') };
}

/** Reads the key's value; undefined when it is not ours: hosts may write any Secret of theirs. */
export function parseLastFailure(value: string): LastFailure | undefined {
  let parsed: unknown;
  try {
    parsed = JSON.parse(Buffer.from(value, 'base64').toString('utf8'));
  } catch {
    return undefined;
  }
  const { data } = lastFailureSchema.safeParse(parsed);
  return data !== undefined && parseAttemptId(data.attempt) !== undefined ? data : undefined;
}

function findFailure(secret: Secret, now: Date): LastFailure | undefined {
  const { planAttempt, planChecksum, failedChecksum, planState } = viewPlanSecret(secret);
  const failed = failedChecksum === planChecksum || planState === 'failed';
  if (planAttempt === undefined || !failed) return undefined;
  const output = secret.data['failed-output'] ?? '';
  const decoded = decodeOutput(output);
  const ending = decoded.kind === 'text' ? findEnding(decoded.text) : undefined;
  return {
    attempt: planAttempt,
    time: reportTime(secret) ?? now.toISOString(),
    step: ending?.step ?? null,
    code: ending?.exitCode ?? null,
    output,
  };
}

/** When the agent wrote its failure: the API server notes it for each field. */
function reportTime({ metadata }: Secret): string | undefined {
  return metadata.managedFields?.find(({ fieldsV1 }) => fieldsV1?.['f:data']?.['f:failed-checksum'] !== undefined)
    ?.time;
}

/** JSON of at most `limit` bytes: with less and less of the output, of which the end counts. */
function fit(failure: LastFailure, limit: number): string | undefined {
  const whole = JSON.stringify(failure);
  if (whole.length <= limit) return whole;
  const decoded = decodeOutput(failure.output);
  let text = decoded.kind === 'text' ? decoded.text : '';
  for (;;) {
    text = text.slice(text.length - Math.min(Math.max(limit, 0), Math.floor(text.length / 2)));
    const output = text.length < 256 ? '' : encodeOutput(text);
    const part = JSON.stringify({ ...failure, output, truncated: true });
    if (part.length <= limit) return part;
    if (output === '') return undefined;
  }
}

/** Bytes of the keys that a new plan leaves as they are. */
function otherBytes({ data }: Secret): number {
  const replaced = new Set(['plan', 'applied-output', 'failed-output', lastFailureKey]);
  return Object.entries(data).reduce((sum, [key, value]) => sum + (replaced.has(key) ? 0 : byteLength(value)), 0);
}

function byteLength(base64: string): number {
  return Math.ceil((base64.length * 3) / 4);
}
