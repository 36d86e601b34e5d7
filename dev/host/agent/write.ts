import { setTimeout as sleep } from 'node:timers/promises';
import { mergeAfterConflict } from './result.ts';
import type { AgentFaults } from './faults.ts';
import type { PlanSecret, PlanSecretApi, SecretData } from '../../elemental/plan-secret.ts';
import { hasStatus } from '../../elemental/plan-secret.ts';

/** The agent's process ends: what it had not written is lost, and so is its memory. */
export class AgentExit extends Error {
  override readonly name = 'AgentExit';
}

const writeTries = 4;

interface WriteContext {
  api: PlanSecretApi;
  faults: AgentFaults;
  retryMs: number;
  signal: AbortSignal;
}

/**
 * Writes a pass's data as a whole object with the resourceVersion from before the run: four tries, one merge after a
 * conflict (pkg/k8splan/watcher.go W:437-493). @throws AgentExit when the result is lost
 */
export async function writeAgentResult(context: WriteContext, base: PlanSecret, data: SecretData): Promise<PlanSecret> {
  if (context.faults.crashesBeforePut > 0) {
    context.faults.crashesBeforePut -= 1;
    throw new AgentExit('crashed before its write');
  }
  try {
    return await putWithRetries(context, { ...base, data: { ...data } });
  } catch (error) {
    if (!hasStatus(error, 409)) throw lost(error);
  }
  try {
    const { namespace, name } = base.metadata;
    const latest = await context.api.get({ namespace, name });
    const merged = mergeAfterConflict(latest.data, data);
    if (merged === undefined) throw new AgentExit('the plan Secret changed during the run');
    return await putWithRetries(context, { ...latest, data: { ...merged } });
  } catch (error) {
    throw lost(error);
  }
}

function lost(error: unknown): AgentExit {
  return error instanceof AgentExit ? error : new AgentExit('the result could not be written', { cause: error });
}

async function putWithRetries(context: WriteContext, secret: PlanSecret): Promise<PlanSecret> {
  for (let attempt = 1; ; attempt += 1) {
    if (context.signal.aborted) throw new AgentExit('killed before its write');
    try {
      if (context.faults.unreachablePuts > 0) {
        context.faults.unreachablePuts -= 1;
        throw new Error('the API server cannot be reached');
      }
      return await context.api.put(secret);
    } catch (error) {
      if (hasStatus(error, 409) || attempt === writeTries) throw error;
      await sleep(context.retryMs);
    }
  }
}
