import { createHash } from 'node:crypto';
import { annotations } from '../../api/constants.ts';
import type { MachineInventory } from '../../api/inventory.ts';
import { machineInventories } from '../../api/resources.ts';
import { assertNever } from '../../domain/assert-never.ts';
import { hostVerbs, judgeHostVerb } from '../../domain/hosts/host-verbs.ts';
import { isCutText, MAX_OPERATION } from '../../domain/inputs/bounded-text.ts';
import { type NewNote, noteOnHost } from '../../domain/inputs/host-notes.ts';
import { type HostView, viewHost } from '../../domain/inputs/host-view.ts';
import { parseOperation } from '../../domain/life/operation-annotation.ts';
import { isKeptByChecks } from '../../domain/pool/acceptance.ts';
import type { KubeClient } from '../../runtime/kube/client.ts';
import { createEvent } from '../../runtime/kube/events.ts';
import { parseKey } from '../../runtime/kube/object-key.ts';
import { dropAnnotations } from '../reconcile/annotation-patch.ts';
import type { ReconcilerLogger, ReconcileResult, WritableStore } from '../reconcile/ports.ts';
import { noteRefusedOperation } from '../reconcile/refused-operation.ts';
import type { RetryPauses } from '../reconcile/retry-pauses.ts';
import { type HostStandingDeps, readHostStanding } from './host-standing.ts';
import { isStripped, leaveCleanPlan, type StrandedHostDeps, stripRecord } from './stranded-host.ts';

export interface HostOperationDeps extends HostStandingDeps, StrandedHostDeps {
  hosts: Pick<WritableStore<HostView>, 'get' | 'upsert'>;
  client: Pick<KubeClient, 'find' | 'list' | 'patch' | 'create'>;
  pauses: RetryPauses;
  /** Told once of each request that came to its end. */
  countVerb?: ((verb: string, result: 'accepted' | 'refused') => void) | undefined;
  logger: ReconcilerLogger;
  /** Wall clock. */
  now: () => Date;
}

/** As the journal has it: an annotation does not say who wrote it. */
const ACTOR = 'operation annotation';

/**
 * Does what an operator asks of a host in its annotation: keeps it out of allocation, or lets it in again once the clean
 * plan that was left in its Secret was applied; until then the request stands and is looked at again whenever host or
 * Secret changes.
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
  const asked = parseOperation(text, hostVerbs);
  if (asked.kind === 'unknown') {
    const known = `those for a host are ${hostVerbs.join(', ')}`;
    await endRequest(host, text, deps, 'OperationRefused', `Unknown operation; ${known}`);
    return deps.countVerb?.('unknown', 'refused');
  }
  // An earlier look has taken the record away and not come to the end.
  if (asked.verb === 'quarantine' && isStripped(host)) return finishStrip(host, text, deps);
  const verdict = judgeHostVerb(await readHostStanding(host, deps), asked.verb, asked.reason);
  switch (verdict.kind) {
    case 'mark':
      await keepOut(host, asked.reason, deps);
      deps.countVerb?.(asked.verb, 'accepted');
      return tell(host, deps.client, 'Normal', 'Quarantined', verdict.answer);
    case 'strip': {
      const stripped = viewHost(await stripRecord(host, { reason: asked.reason, actor: ACTOR }, deps), deps.hostLabels);
      deps.hosts.upsert(stripped);
      return finishStrip(stripped, text, deps);
    }
    case 'lift':
      deps.hosts.upsert(viewHost(await lift(host, deps), deps.hostLabels));
      deps.countVerb?.(asked.verb, 'accepted');
      return tell(host, deps.client, 'Normal', 'Unquarantined', verdict.answer);
    case 'again':
      deps.hosts.upsert(viewHost(await annotate(host, deps, { step: 'validate' }, checksAgain), deps.hostLabels));
      deps.countVerb?.(asked.verb, 'accepted');
      return tell(host, deps.client, 'Normal', 'ChecksAgain', verdict.answer);
    case 'wait':
      return tell(host, deps.client, 'Warning', 'UnquarantineWaiting', verdict.answer);
    case 'refused':
      await endRequest(host, text, deps, 'OperationRefused', verdict.answer);
      return deps.countVerb?.(asked.verb, 'refused');
    default:
      return assertNever(verdict);
  }
}

async function finishStrip(host: HostView, text: string, deps: HostOperationDeps): Promise<void> {
  const obstacle = await leaveCleanPlan(host, deps);
  const left =
    obstacle === undefined
      ? 'a clean plan is left for the host, and then unquarantine frees it'
      : `no clean plan could be left: ${obstacle}`;
  const told = `The record of a use that nobody ended is gone; ${left}`;
  await endRequest(host, text, deps, 'Quarantined', told);
  deps.countVerb?.('quarantine', 'accepted');
}

/** Says what became of the request, and takes it away. */
async function endRequest(
  host: HostView,
  text: string,
  { client, hosts, hostLabels }: HostOperationDeps,
  reason: 'Quarantined' | 'OperationRefused',
  message: string,
): Promise<void> {
  await tell(host, client, reason === 'Quarantined' ? 'Normal' : 'Warning', reason, message);
  const known = isCutText(text, MAX_OPERATION) ? undefined : text;
  const left = await dropAnnotations(client, machineInventories, host, { [annotations.operation]: known });
  if (left !== undefined) hosts.upsert(viewHost(left, hostLabels));
}

/** The host is offered to nobody; who has it keeps it. */
async function keepOut(host: HostView, reason: string, deps: HostOperationDeps): Promise<void> {
  const notes = {
    [annotations.quarantine]: reason,
    [annotations.operation]: null,
    ...(host.owner === undefined && { [annotations.allocationState]: 'Unavailable' }),
  };
  const asked = { step: 'quarantine', to: 'Quarantined' } as const;
  deps.hosts.upsert(viewHost(await annotate(host, deps, asked, notes), deps.hostLabels));
}

/** What was recorded of checks is about none that are asked for any more. */
const checksAgain = { [annotations.operation]: null, [annotations.acceptanceChecks]: null };

/**
 * A machine that has the host keeps it, and the record of its plan. What the host has passed counts no more; one that its
 * checks kept out stays out until it has passed them.
 */
function lift(host: HostView, deps: HostOperationDeps): Promise<MachineInventory> {
  const state = isKeptByChecks(host) ? 'Unavailable' : 'Available';
  const freed = {
    [annotations.hostPlanAttempt]: null,
    [annotations.hostPlanChecksum]: null,
    [annotations.allocationState]: state,
  };
  const notes = {
    ...checksAgain,
    [annotations.quarantine]: null,
    [annotations.suspect]: null,
    ...(host.owner === undefined && freed),
  };
  return annotate(host, deps, { step: 'unquarantine', to: host.owner === undefined ? state : 'InUse' }, notes);
}

function annotate(
  host: HostView,
  { client, now }: HostOperationDeps,
  asked: Pick<NewNote, 'step' | 'to'>,
  changes: Readonly<Record<string, string | null>>,
): Promise<MachineInventory> {
  const { namespace, name, uid, resourceVersion } = host;
  const journal = noteOnHost(host, { ...asked, cause: 'Operator', actor: ACTOR }, now());
  return client.patch(
    machineInventories,
    { namespace, name },
    { metadata: { uid, resourceVersion, annotations: { ...changes, ...journal } } },
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
