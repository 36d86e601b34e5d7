import { gunzipSync } from 'node:zlib';
import { classifyFailure } from './failure-cause.ts';
import { findPlanStep, type PlanStep } from './steps.ts';

/** Why a plan failed, in words of ours only: it goes to conditions and into history. */
export interface FailureExplanation {
  step?: PlanStep;
  exitCode?: number;
  cause?: string;
  message: string;
}

/** A host wrote the output: both sizes are bounded. */
const packedLimitBytes = 900 * 1024;
const unpackedLimitBytes = 4 * 1024 * 1024;
/** What is looked at for a cause. */
const tailChars = 16 * 1024;

type DecodedOutput = { kind: 'text'; text: string } | { kind: 'unreadable'; problem: string };

/**
 * Reads `failed-output` of a plan Secret (base64 of gzip of a JSON map from instruction to base64 or null).
 * No byte of it reaches the answer: steps, exit codes and causes come from fixed lists.
 */
export function explainFailure(failedOutput: string | undefined): FailureExplanation {
  const decoded = decodeOutput(failedOutput);
  if (decoded.kind === 'unreadable') return { message: `The plan failed on the host: ${decoded.problem}` };
  const ending = findEnding(decoded.text);
  const cause = classifyFailure(decoded.text.slice(-tailChars), ending?.exitCode);
  const place =
    ending === undefined
      ? 'The plan failed on the host'
      : `Step ${ending.step} failed with exit code ${ending.exitCode}`;
  return {
    ...ending,
    ...(cause !== undefined && { cause }),
    message: `${place}: ${cause ?? "the cause is not recognised, see the host's output in failed-output of its plan Secret"}`,
  };
}

/**
 * Last lines of the output, for an operator who may read the Secret. Control characters, which could deceive a
 * terminal, are replaced.
 */
export function decodeOutputTail(failedOutput: string | undefined, { maxLines }: { maxLines: number }): string {
  const decoded = decodeOutput(failedOutput);
  if (decoded.kind === 'unreadable') return `(${decoded.problem})`;
  const lines = decoded.text.trimEnd().split('\n').slice(-Math.max(1, maxLines));
  return lines
    .map((line) =>
      line
        .replace(/\r$/, '')
        .slice(0, 2000)
        .replaceAll(/[^\t\P{C}]/gu, '\u{FFFD}'),
    )
    .join('\n');
}

function findEnding(text: string): { step: PlanStep; exitCode: number } | undefined {
  const [last] = [
    ...text.slice(-tailChars).matchAll(/^ironloom: step ([a-z-]{1,40}) failed with exit code (\d{1,3})$/gm),
  ].slice(-1);
  const step = findPlanStep(last?.[1] ?? '');
  return step === undefined ? undefined : { step, exitCode: Number(last?.[2]) };
}

function decodeOutput(packed: string | undefined): DecodedOutput {
  if (packed === undefined || packed === '') return unreadable('it reported no output');
  if (packed.length > (packedLimitBytes * 4) / 3) return unreadable('its output is too large to be read');
  let json: Buffer;
  try {
    json = gunzipSync(Buffer.from(packed, 'base64'), { maxOutputLength: unpackedLimitBytes });
  } catch (error) {
    return unreadable(error instanceof RangeError ? 'its output unpacks to too many bytes' : 'its output is not gzip');
  }
  return joinOutputs(json.toString('utf8'));
}

function joinOutputs(json: string): DecodedOutput {
  let outputs: unknown;
  try {
    outputs = JSON.parse(json);
  } catch {
    return unreadable('its output is not JSON');
  }
  if (typeof outputs !== 'object' || outputs === null || Array.isArray(outputs)) {
    return unreadable('its output is not a map of instructions');
  }
  const values: unknown[] = Object.values(outputs);
  const texts = values.filter((value) => typeof value === 'string');
  if (texts.length > 0) {
    return { kind: 'text', text: texts.map((text) => Buffer.from(text, 'base64').toString('utf8')).join('\n') };
  }
  return unreadable(values.includes(null) ? 'the instruction could not be started' : 'it reported no output');
}

function unreadable(problem: string): DecodedOutput {
  return { kind: 'unreadable', problem };
}
