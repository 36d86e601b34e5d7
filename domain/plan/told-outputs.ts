import type { Secret } from '../../api/core.ts';
import { decodeOutputTail, explainFailure } from './failure-output.ts';
import { lastFailureKey, parseLastFailure } from './last-failure.ts';
import { viewPlanSecret } from './secret.ts';

/** One output of a host, for an operator who may read its plan Secret. */
export interface OutputSection {
  title: string;
  text: string;
}

/** All that a plan Secret holds of what its host said, oldest first: the failure that was put aside, then the plan that stands there. */
export function tellOutputs(secret: Secret, maxLines: number): OutputSection[] {
  return [keptSection(secret, maxLines), failedSection(secret, maxLines), appliedSection(secret, maxLines)].filter(
    (section) => section !== undefined,
  );
}

function keptSection({ data }: Secret, maxLines: number): OutputSection | undefined {
  const value = data[lastFailureKey];
  if (value === undefined || value === '') return undefined;
  const failure = parseLastFailure(value);
  if (failure === undefined) return { title: 'An earlier failure', text: '(it cannot be read)' };
  const { attempt, output, truncated } = failure;
  const time = Number.isNaN(Date.parse(failure.time)) ? 'an unknown time' : new Date(failure.time).toISOString();
  const cut = truncated === true ? ' (only the end was kept)' : '';
  return {
    title: `Failed earlier: ${attempt}, at ${time}. ${explainFailure(output).message}${cut}`,
    text: decodeOutputTail(output, { maxLines }),
  };
}

function failedSection(secret: Secret, maxLines: number): OutputSection | undefined {
  const output = secret.data['failed-output'];
  if (output === undefined || output === '') return undefined;
  const title = `Failed: ${attemptOf(secret)}. ${explainFailure(output).message}`;
  return { title, text: decodeOutputTail(output, { maxLines }) };
}

function appliedSection(secret: Secret, maxLines: number): OutputSection | undefined {
  const output = secret.data['applied-output'];
  if (output === undefined || output === '') return undefined;
  return { title: `Applied: ${attemptOf(secret)}`, text: decodeOutputTail(output, { maxLines }) };
}

function attemptOf(secret: Secret): string {
  return viewPlanSecret(secret).planAttempt ?? 'a plan of somebody else';
}
