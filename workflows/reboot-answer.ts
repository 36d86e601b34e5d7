import { ApplicationFailure, condition } from '@temporalio/workflow';
import { isRebootUnjudged } from '../domain/life/reboot.ts';
import type { OperationAnswer } from './messages.ts';
import type { Run } from './run.ts';

/**
 * Waits until the plan is written or refused, which the step decides by what it reads: so whoever asked is told why. A step
 * that cannot do its work now keeps nobody waiting.
 * @throws ApplicationFailure with the reason of a refusal, which ends the update and nothing else
 */
export async function answerReboot(run: Run, answer: string): Promise<OperationAnswer> {
  const attempt = run.life?.lastReboot?.attempt;
  await condition(() => run.leaving || run.life === null || !isRebootUnjudged(run.life));
  const last = run.life?.lastReboot;
  if (last?.attempt === attempt && last?.refused !== undefined) {
    throw ApplicationFailure.create({ message: last.refused, type: 'RebootRefused', nonRetryable: true });
  }
  return { answer };
}
