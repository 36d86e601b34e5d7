import { setTimeout as sleep } from 'node:timers/promises';
import { type Env, ownEnvironment, parseCall } from '../env.ts';
import { type Logger } from '../logger.ts';
import { isSameEnvironment, nextEnvironment, readSettings, type Variables } from '../settings.ts';
import { type Shutdown } from '../shutdown.ts';
import { connectTemporal } from './connection.ts';

export interface SettingsOptions {
  env: Pick<Env, 'settingsFolder'>;
  /** Flags, which go before the variables. */
  args: readonly string[];
  logger: Logger;
  shutdown: Shutdown;
}

/** A kubelet shows a change within about a minute. */
const LOOK_EVERY_MS = 10_000;
const TRY_MS = 30_000;

/**
 * Ends the process in order when it would be told something else if it began now: its Pod starts it again, with the new
 * settings. It does not end before they make sense and Temporal answers by them, so that a mistake takes nothing away
 * that works; what is wrong it says in its log. Resolves when the process ends.
 */
export async function followSettings({ env, args, logger, shutdown }: SettingsOptions): Promise<void> {
  const { settingsFolder } = env;
  if (settingsFolder === undefined) return;
  const { signal } = shutdown;
  const environment = ownEnvironment();
  let then: Variables = {};
  let told: string | undefined;
  const look = async (): Promise<string | undefined> => {
    const now = await readSettings(settingsFolder);
    const next = nextEnvironment(environment, then, now);
    if (isSameEnvironment(next, environment)) {
      then = now;
      return undefined;
    }
    const problem = await findProblem(next, args, logger, signal);
    if (problem === undefined) shutdown.shutdown('the settings changed');
    return problem;
  };
  while (!signal.aborted) {
    const problem = await look().catch((error: unknown) => `they cannot be read: ${String(error)}`);
    if (problem !== undefined && problem !== told) logger.error({ problem }, 'The settings changed and are not taken');
    told = problem;
    await sleep(LOOK_EVERY_MS, undefined, { signal }).catch(() => undefined);
  }
}

/** What would keep a process that began with this environment from work. */
async function findProblem(
  environment: Variables,
  args: readonly string[],
  logger: Logger,
  signal: AbortSignal,
): Promise<string | undefined> {
  const result = parseCall(environment, args);
  if (!result.ok) return result.problems.join('; ');
  const { temporal } = result.env;
  const late = AbortSignal.timeout(TRY_MS);
  try {
    await (await connectTemporal(temporal, logger, AbortSignal.any([signal, late]))).close();
    return undefined;
  } catch (error) {
    if (signal.aborted) return undefined;
    if (!late.aborted) throw error;
    return `Temporal does not answer at ${temporal.connectionOptions.address}, or has no namespace ${temporal.namespace}`;
  }
}
