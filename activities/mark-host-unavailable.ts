import { secrets } from '../api/resources.ts';
import type { BoundHost, WrittenPlan } from '../domain/life/machine-life.ts';
import type { HostView } from '../domain/inputs/host-view.ts';
import type { MachineRef } from '../domain/inputs/machine-snapshot.ts';
import { parseAttemptId } from '../domain/plan/attempt.ts';
import type { MarkOutcome } from '../domain/life/step-outcomes.ts';
import { findStandingProgress, wasWritten } from './host/plan-answer.ts';
import { type HostRecord, readOwnedHost, writeHostRecord } from './host/record.ts';
import type { ActivityDependencies } from './step/dependencies.ts';
import { startFence } from './step/fence.ts';
import { logStep } from './step/log.ts';
import { findReadable } from './step/unreadable.ts';

/**
 * Keeps a host whose plan failed, was replaced, or is gone out of the pool until an operator has looked; whether that is so,
 * and whether there was such a plan at all, is read here, whoever said so before. One that could not become a node is
 * claimed last afterwards, or the machine that replaces this one would get it again.
 */
export function createMarkHostUnavailable(deps: ActivityDependencies) {
  return async function markHostUnavailable(input: {
    machine: MachineRef;
    host: BoundHost;
    /** Absent: asked by a worker of before this field. */
    plan?: WrittenPlan | null;
  }): Promise<MarkOutcome> {
    const fence = startFence();
    const { machine, plan } = input;
    const owned = await readOwnedHost(deps, machine, input.host.inventory);
    if (owned.kind !== 'ours') return { kind: 'hostLost' };
    const { host } = owned;
    const secret = await findReadable(deps, secrets, {
      namespace: machine.namespace,
      name: host.planSecretName ?? input.host.planSecret,
    });
    const progress = await findStandingProgress(deps.reader, secret, machine, plan ?? undefined, host);
    if (!(['failed', 'taken', 'secretMissing'] as const).some((kind) => kind === progress.kind)) {
      return { kind: 'unproven', progress };
    }
    if (progress.kind === 'taken' && plan !== undefined && plan !== null && !wasWritten(plan, machine, host)) {
      return { kind: 'unwritten' };
    }
    if (plan !== undefined && plan !== null && plan.progress.kind !== progress.kind)
      return { kind: 'unproven', progress };
    const attempt = host.plan?.attemptId ?? '';
    const failedReprovision = progress.kind === 'failed' && parseAttemptId(attempt)?.planType === 'reprovision';
    const record = { state: 'Unavailable', ...(failedReprovision && failureOf(host, attempt)) } as const;
    await writeHostRecord(deps, fence, host, record);
    logStep('Keeps the host out of the pool', machine, { host: host.name, answer: progress.kind });
    return { kind: 'marked' };
  };
}

/** Counts each attempt once, however often it is marked. */
function failureOf({ failedReprovision, failures }: HostView, attempt: string): Pick<HostRecord, 'failedReprovision'> {
  return { failedReprovision: { attempt, failures: failures + (failedReprovision === attempt ? 0 : 1) } };
}
