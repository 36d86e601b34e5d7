import type { ObjectKey } from '../../api/meta.ts';
import { classifyFailure } from './failure-cause.ts';
import { decodeOutput } from './host-output.ts';
import { findPlanStep, type PlanStep } from './steps.ts';

/** Why a plan failed, in words of ours only: it goes to conditions and into history. */
export interface FailureExplanation {
  step?: PlanStep;
  exitCode?: number;
  cause?: string;
  message: string;
}

/** What is looked at for a cause. */
const tailChars = 16 * 1024;

/**
 * Reads `failed-output` of a plan Secret. No byte of it reaches the answer: steps, exit codes and causes come from fixed
 * lists.
 */
export function explainFailure(failedOutput: string | undefined): FailureExplanation {
  const decoded = decodeOutput(failedOutput);
  if (decoded.kind === 'unreadable') return { message: `The plan failed on the host: ${decoded.problem}` };
  const ending = findEnding(decoded.text);
  const cause = classifyFailure(decoded.text.slice(-tailChars), ending);
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

/** The same for people who ask a machine: with the command that prints what the host said. */
export function tellFailure({ message }: FailureExplanation, host: ObjectKey): string {
  return `${message}. \`ironloom output ${host.namespace}/${host.name}\` prints what the host said`;
}

/**
 * Last lines of an output, for an operator who may read the Secret. Control characters, which could deceive a terminal,
 * are replaced.
 */
export function decodeOutputTail(packed: string | undefined, { maxLines }: { maxLines: number }): string {
  const decoded = decodeOutput(packed);
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

/** Where a script of ours ended, by its last line. */
export function findEnding(text: string): { step: PlanStep; exitCode: number } | undefined {
  const [last] = [
    ...text.slice(-tailChars).matchAll(/^ironloom: step ([a-z-]{1,40}) failed with exit code (\d{1,3})$/gm),
  ].slice(-1);
  const step = findPlanStep(last?.[1] ?? '');
  return step === undefined ? undefined : { step, exitCode: Number(last?.[2]) };
}
