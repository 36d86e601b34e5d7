import { secrets } from '../api/resources.ts';
import type { BoundHost, WrittenPlan } from '../domain/life/machine-life.ts';
import type { MachineRef } from '../domain/inputs/machine-snapshot.ts';
import type { SettleOutcome } from '../domain/life/step-outcomes.ts';
import { viewPlanSecret } from '../domain/plan/secret.ts';
import { findStandingProgress } from './host/plan-answer.ts';
import { liftSingleAttempt } from './host/plan-writer.ts';
import { readOwnedHost } from './host/record.ts';
import type { ActivityDependencies } from './step/dependencies.ts';
import { startFence } from './step/fence.ts';
import { logStep } from './step/log.ts';
import { findReadable } from './step/unreadable.ts';

/** The host applied its reboot plan, as its Secret says: lifts our limit of a single attempt, which says that this is known. */
export function createSettleReboot(deps: ActivityDependencies) {
  return async function settleReboot(input: {
    machine: MachineRef;
    host: BoundHost;
    plan: WrittenPlan;
  }): Promise<SettleOutcome> {
    const fence = startFence();
    const { machine, host, plan } = input;
    const owned = await readOwnedHost(deps, machine, host.inventory);
    if (owned.kind !== 'ours') return { kind: 'hostLost' };
    const key = { namespace: machine.namespace, name: owned.host.planSecretName ?? host.planSecret };
    const secret = await findReadable(deps, secrets, key);
    const progress = await findStandingProgress(deps.reader, secret, machine, plan, owned.host);
    if (progress.kind !== 'applied' || secret === undefined) return { kind: 'unproven', progress };
    await liftSingleAttempt(deps, fence, viewPlanSecret(secret));
    logStep('The host reboots', machine, { host: host.inventory, attempt: plan.attempt });
    return { kind: 'settled' };
  };
}
