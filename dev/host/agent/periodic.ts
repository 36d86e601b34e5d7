import { gunzipSync, gzipSync } from 'node:zlib';
import { z } from 'zod';
import { type HostPlan, type HostPlanPeriodic, UnreportedPlanError } from '../../elemental/host-plan.ts';
import type { SecretData } from '../../elemental/plan-secret.ts';
import { formatUnixDate, parseUnixDate } from './unix-date.ts';

const outputSchema = z.object({
  name: z.string(),
  stdout: z.string().nullable(),
  stderr: z.string().nullable(),
  exitCode: z.number(),
  /** UnixDate, or ''. */
  lastSuccessfulRunTime: z.string(),
  failures: z.number(),
  lastFailedRunTime: z.string(),
});
type PeriodicOutput = z.infer<typeof outputSchema>;
const outputsSchema = z.record(z.string(), outputSchema);

const USUAL_PERIOD_SECONDS = 600;
const FAILURE_PAUSE_SECONDS = 30;
const MAX_FAILURE_PAUSES = 6;

/** Runs one periodic instruction; base64 of what it printed, null for nothing. */
export type RunPeriodic = (
  instruction: HostPlanPeriodic,
) => Promise<{ exitCode: number; stdout: string | null; stderr: string | null }>;

/**
 * `applied-periodic-output` after the periodic instructions that are due: all of them when instructions ran, else by the
 * time of their last run. One without a name is skipped, and one that fails skips those after it.
 */
export async function runPeriodicInstructions(
  { periodicInstructions }: Pick<HostPlan, 'periodicInstructions'>,
  data: SecretData,
  { ran, nowMs }: { ran: boolean; nowMs: number },
  run: RunPeriodic,
): Promise<SecretData> {
  const named = periodicInstructions.filter(({ name }) => name !== '');
  if (named.length === 0) return data;
  const outputs = readOutputs(data['applied-periodic-output']);
  for (const instruction of named) {
    const before = outputs[instruction.name];
    if (!ran && !isDue(instruction, before, nowMs)) continue;
    const { exitCode, stdout, stderr } = await run(instruction);
    const at = formatUnixDate(nowMs);
    const failed = exitCode !== 0;
    outputs[instruction.name] = {
      name: instruction.name,
      stdout,
      stderr: instruction.saveStderrOutput ? stderr : null,
      exitCode,
      lastSuccessfulRunTime: failed ? (before?.lastSuccessfulRunTime ?? '') : at,
      failures: failed ? (before?.failures ?? 0) + 1 : 0,
      lastFailedRunTime: failed ? at : (before?.lastFailedRunTime ?? ''),
    };
    if (failed) break;
  }
  return { ...data, 'applied-periodic-output': gzipSync(JSON.stringify(outputs)).toString('base64') };
}

function isDue({ periodSeconds }: HostPlanPeriodic, before: PeriodicOutput | undefined, nowMs: number): boolean {
  if (before === undefined) return true;
  const failed = before.failures > 0;
  const lastMs = parseUnixDate(failed ? before.lastFailedRunTime : before.lastSuccessfulRunTime);
  const pauseSeconds = failed
    ? FAILURE_PAUSE_SECONDS * Math.min(before.failures, MAX_FAILURE_PAUSES)
    : periodSeconds || USUAL_PERIOD_SECONDS;
  return lastMs === undefined || nowMs >= lastMs + pauseSeconds * 1000;
}

function readOutputs(value: string | undefined): Record<string, PeriodicOutput> {
  if (value === undefined || value === '') return {};
  try {
    return outputsSchema.parse(JSON.parse(gunzipSync(Buffer.from(value, 'base64')).toString('utf8')));
  } catch (error) {
    throw new UnreportedPlanError('the recorded periodic output is not gzip(JSON)', { cause: error });
  }
}
