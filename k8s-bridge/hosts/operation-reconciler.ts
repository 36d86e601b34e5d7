import { createHash } from 'node:crypto';
import { annotations } from '../../api/constants.ts';
import { machineInventories } from '../../api/resources.ts';
import { isCutText, MAX_OPERATION } from '../../domain/inputs/bounded-text.ts';
import { type HostView, viewHost } from '../../domain/inputs/host-view.ts';
import { UNQUARANTINE } from '../../domain/life/operation-annotation.ts';
import { parseAttemptId } from '../../domain/plan/attempt.ts';
import { type PlanSecretView, readPlanResult } from '../../domain/plan/secret.ts';
import type { KubeClient } from '../../runtime/kube/client.ts';
import { createEvent } from '../../runtime/kube/events.ts';
import { parseKey } from '../../runtime/kube/object-key.ts';
import { dropAnnotations } from '../reconcile/annotation-patch.ts';
import type { ReadStore, ReconcilerLogger, ReconcileResult, WritableStore } from '../reconcile/ports.ts';
import { noteRefusedOperation } from '../reconcile/refused-operation.ts';
import type { RetryPauses } from '../reconcile/retry-pauses.ts';

export interface HostOperationDeps {
  hosts: Pick<WritableStore<HostView>, 'get' | 'upsert'>;
  planSecrets: Pick<ReadStore<PlanSecretView>, 'get'>;
  client: Pick<KubeClient, 'patch' | 'create'>;
  pauses: RetryPauses;
  logger: ReconcilerLogger;
}

type Judgement = { kind: 'lift' } | { kind: 'wait' | 'refuse'; message: string };

/**
 * Lifts the quarantine of a host when an operator asks for it and the clean plan that was left in its Secret was
 * applied; until then the request stands and is looked at again whenever the Secret changes.
 */
export async function reconcileHostOperation(key: string, deps: HostOperationDeps): Promise<ReconcileResult> {
  const host = deps.hosts.get(parseKey(key));
  const text = host?.operation;
  if (host !== undefined && text !== undefined) {
    try {
      await answerRequest(host, text, deps);
    } catch (error) {
      return noteRefusedOperation(machineInventories, host, error, deps);
    }
  }
  deps.pauses.forget(key);
  return {};
}

async function answerRequest(host: HostView, text: string, deps: HostOperationDeps): Promise<void> {
  const judgement = judge(host, text, deps.planSecrets);
  if (judgement.kind === 'lift') {
    deps.hosts.upsert(viewHost(await lift(host, deps.client)));
    const free = 'The host is clean and can be claimed again';
    const used = 'The quarantine is lifted; the machine that has the host keeps it';
    await tell(host, deps.client, 'Normal', 'Unquarantined', host.owner === undefined ? free : used);
    return;
  }
  const reason = judgement.kind === 'wait' ? 'UnquarantineWaiting' : 'OperationRefused';
  await tell(host, deps.client, 'Warning', reason, judgement.message);
  if (judgement.kind === 'refuse') {
    const known = isCutText(text, MAX_OPERATION) ? undefined : text;
    await dropAnnotations(deps.client, machineInventories, host, { [annotations.operation]: known });
  }
}

function judge(host: HostView, text: string, planSecrets: HostOperationDeps['planSecrets']): Judgement {
  if (text.trim().toLowerCase() !== UNQUARANTINE) {
    return { kind: 'refuse', message: `Unknown operation; the only one for a host is ${UNQUARANTINE}` };
  }
  if (!host.quarantined) return { kind: 'refuse', message: 'The host is not quarantined' };
  // Somebody quarantined it by hand: no machine has let it go uncleaned.
  if (host.plan === undefined || host.owner !== undefined) return { kind: 'lift' };
  if (parseAttemptId(host.plan.attemptId)?.planType !== 'clean') {
    return { kind: 'wait', message: 'No clean plan of ours is recorded for the host; only that one makes it clean' };
  }
  const { namespace, planSecretName: name } = host;
  const view = name === undefined ? undefined : planSecrets.get({ namespace, name });
  if (view === undefined) return { kind: 'wait', message: 'The plan Secret of the host is gone; it cannot be cleaned' };
  switch (readPlanResult(view, host.plan).kind) {
    case 'applied':
      return { kind: 'lift' };
    case 'running':
      return { kind: 'wait', message: 'The host has not applied its clean plan yet; it is waited for' };
    case 'failed':
      return {
        kind: 'wait',
        message: 'The clean plan failed on the host; repair it and let its agent run the plan again',
      };
    case 'taken':
      return {
        kind: 'wait',
        message: 'The clean plan does not stand in the plan Secret, so the host was not cleaned by it',
      };
  }
}

function lift(host: HostView, client: HostOperationDeps['client']) {
  const { namespace, name, uid, resourceVersion, owner } = host;
  const freed = {
    [annotations.hostPlanAttempt]: null,
    [annotations.hostPlanChecksum]: null,
    [annotations.allocationState]: 'Available',
  };
  return client.patch(
    machineInventories,
    { namespace, name },
    {
      metadata: {
        uid,
        resourceVersion,
        annotations: {
          [annotations.quarantine]: null,
          [annotations.operation]: null,
          ...(owner === undefined && freed),
        },
      },
    },
  );
}

/** One Event for each thing to say about one request: its name derives from both. */
function tell(
  { namespace, name, uid, resourceVersion, plan }: HostView,
  client: HostOperationDeps['client'],
  type: 'Normal' | 'Warning',
  reason: string,
  message: string,
): Promise<void> {
  const digest = createHash('sha256').update(`${uid}/${plan?.attemptId}/${message}`).digest('hex').slice(0, 16);
  return createEvent(client, {
    resource: machineInventories,
    object: { namespace, name, uid, resourceVersion },
    type,
    reason,
    message,
    component: 'ironloom-bridge',
    digest,
  });
}
