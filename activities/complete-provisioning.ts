import { providerIdOf } from '../api/constants.ts';
import { baremetalMachines, secrets } from '../api/resources.ts';
import type { BoundHost, WrittenPlan } from '../domain/life/machine-life.ts';
import type { MachineRef } from '../domain/inputs/machine-snapshot.ts';
import { viewPlanSecret } from '../domain/plan/secret.ts';
import type { NumberedStatus } from '../domain/report/status/machine-status.ts';
import type { CompleteOutcome } from '../domain/life/step-outcomes.ts';
import type { ActivityDependencies } from './step/dependencies.ts';
import { type Fence, startFence } from './step/fence.ts';
import { findStandingProgress } from './host/plan-answer.ts';
import { liftSingleAttempt } from './host/plan-writer.ts';
import { readOwnedHost, writeHostRecord } from './host/record.ts';
import { findMachine } from './step/find-machine.ts';
import { writeStatus } from './publish-status.ts';
import { logStep } from './step/log.ts';
import { retryOnConflict } from './step/retry-on-conflict.ts';
import { findReadable } from './step/unreadable.ts';

/**
 * The host applied its plan, as its Secret says: records it as in use, lifts our limit of a single attempt, which
 * elemental's own plans would inherit (notes/host-agent.md trap 21), then sets `spec.providerID` and the provisioned status, which
 * Cluster API reads together (capi.md section 1.2).
 */
export function createCompleteProvisioning(deps: ActivityDependencies) {
  return async function completeProvisioning(input: CompletionOrder): Promise<CompleteOutcome> {
    const fence = startFence();
    return retryOnConflict(() => complete(deps, fence, input));
  };
}

interface CompletionOrder {
  machine: MachineRef;
  host: BoundHost;
  plan: WrittenPlan;
  status: NumberedStatus;
}

async function complete(deps: ActivityDependencies, fence: Fence, input: CompletionOrder): Promise<CompleteOutcome> {
  const owned = await readOwnedHost(deps, input.machine, input.host.inventory);
  if (owned.kind !== 'ours') return { kind: 'hostLost' };
  const key = { namespace: input.machine.namespace, name: owned.host.planSecretName ?? input.host.planSecret };
  const secret = await findReadable(deps, secrets, key);
  const progress = await findStandingProgress(deps.reader, secret, input.machine, input.plan, owned.host);
  if (progress.kind !== 'applied' || secret === undefined) return { kind: 'unproven', progress };
  await writeHostRecord(deps, fence, owned.host, { state: 'Allocated', failedReprovision: null });
  await liftSingleAttempt(deps, fence, viewPlanSecret(secret));
  let machine = await findMachine(deps, input.machine);
  if (machine === undefined) return { kind: 'completed' };
  if (machine.spec.providerID === undefined) {
    const { namespace, name, uid, resourceVersion } = machine.metadata;
    fence.assertAlive();
    machine = await deps.kube.patch(
      baremetalMachines,
      { namespace, name },
      { metadata: { uid, resourceVersion }, spec: { providerID: providerIdOf(input.host.inventory) } },
    );
  }
  await writeStatus(deps, fence, machine, input.status);
  logStep('Provisioned', input.machine, { host: input.host.inventory });
  return { kind: 'completed' };
}
