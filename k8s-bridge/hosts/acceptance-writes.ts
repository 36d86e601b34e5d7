import type { AcceptanceResults } from '../../api/acceptance.ts';
import { annotations } from '../../api/constants.ts';
import type { Secret } from '../../api/core.ts';
import { machineInventories, secrets } from '../../api/resources.ts';
import { nextValidateAttempt } from '../../domain/hosts/acceptance-step.ts';
import type { HostLabels } from '../../domain/inputs/host-labels.ts';
import { type NewNote, noteOnHost } from '../../domain/inputs/host-notes.ts';
import { type HostView, viewHost } from '../../domain/inputs/host-view.ts';
import type { WantedChecks } from '../../domain/inputs/pool-view.ts';
import { attemptId, parseAttemptId } from '../../domain/plan/attempt.ts';
import { readCheckResults } from '../../domain/plan/check-results.ts';
import type { RenderedPlan } from '../../domain/plan/document.ts';
import { mayHoldFailure } from '../../domain/plan/last-failure.ts';
import { type PlanSecretView, planSecretPatch, releasePatch } from '../../domain/plan/secret.ts';
import { renderValidatePlan } from '../../domain/plan/validate.ts';
import type { Reader } from '../../reading/reader.ts';
import { isRefusal, type KubeClient } from '../../runtime/kube/client.ts';
import type { ReconcilerLogger, WritableStore } from '../reconcile/ports.ts';
import { tellAcceptance } from './acceptance-news.ts';

/** With what the steps are written. */
export interface AcceptanceWrites {
  client: Pick<KubeClient, 'patch' | 'create'>;
  hosts: Pick<WritableStore<HostView>, 'upsert'>;
  /** Reads what hosts wrote. */
  reader: Pick<Reader, 'failure' | 'lastFailure'>;
  /** Which labels of an inventory tell what of its host. */
  hostLabels: HostLabels;
  logger: ReconcilerLogger;
  /** Wall clock. */
  now: () => Date;
}

/** A host and its plan Secret as the API server has them. */
export interface Live {
  host: HostView;
  secret: PlanSecretView;
  found: Secret;
}

/** Nobody can claim the host from here on; who was about to meets a conflict. */
export async function begin(
  { host, secret, found }: Live,
  wanted: WantedChecks,
  deps: AcceptanceWrites,
): Promise<undefined> {
  const next = nextValidateAttempt(host, secret);
  const id = attemptId(next);
  const plan = renderValidatePlan({ attemptId: id, checks: wanted.checks });
  const begun = { step: 'checks', to: 'Validating', cause: 'Step', attempt: next.attempt } as const;
  const marked = await annotate(host, deps, begun, {
    [annotations.acceptance]: 'Validating',
    [annotations.acceptanceChecks]: wanted.hash,
    [annotations.acceptanceAfter]: host.failedReprovision ?? null,
    [annotations.acceptanceAttempt]: id,
    [annotations.acceptanceSince]: timeOf(deps),
    [annotations.acceptanceResults]: null,
    [annotations.allocationState]: 'Unavailable',
    [annotations.hostPlanAttempt]: id,
    [annotations.hostPlanChecksum]: plan.checksum,
  });
  await writePlan({ host: marked, secret, found }, id, plan, deps);
}

export async function write(live: Live, wanted: WantedChecks, deps: AcceptanceWrites): Promise<undefined> {
  const id = live.host.plan?.attemptId ?? '';
  const plan = renderValidatePlan({ attemptId: id, checks: wanted.checks });
  // Another build recorded it, whose script was another one.
  if (plan.checksum !== live.host.plan?.checksum) return begin(live, wanted, deps);
  return writePlan(live, id, plan, deps);
}

async function writePlan(
  { host, secret, found }: Live,
  id: string,
  plan: RenderedPlan,
  deps: AcceptanceWrites,
): Promise<undefined> {
  const { namespace, name, resourceVersion, uid } = secret;
  const lastFailure = mayHoldFailure(found) ? await deps.reader.lastFailure(found, Buffer.byteLength(plan.json)) : {};
  const order = { plan, attemptId: id, planType: 'validate', lastFailure, resourceVersion, uid } as const;
  await deps.client.patch(secrets, { namespace, name }, planSecretPatch(order));
  deps.logger.info({ host: `${namespace}/${host.name}`, attemptId: id }, 'Wrote the checks of its pool to a host');
  await tellAcceptance(deps.client, host);
}

export async function settle(
  { host, secret, found }: Live,
  passed: boolean,
  deps: AcceptanceWrites,
): Promise<undefined> {
  const output = found.data[passed ? 'applied-output' : 'failed-output'];
  const checks = readCheckResults(output);
  if (!passed) {
    const problem = checks.length > 0 ? {} : { problem: (await deps.reader.failure(output)).message };
    return refuse(host, { ...problem, checks }, deps);
  }
  await liftSingleAttempt(secret, deps);
  await conclude(
    host,
    deps,
    { state: 'Accepted', results: { checks } },
    {
      [annotations.allocationState]: 'Available',
      [annotations.hostPlanAttempt]: null,
      [annotations.hostPlanChecksum]: null,
    },
  );
}

export function refuse(host: HostView, results: AcceptanceResults, deps: AcceptanceWrites): Promise<undefined> {
  return conclude(host, deps, { state: 'NotAccepted', results }, {});
}

async function conclude(
  host: HostView,
  deps: AcceptanceWrites,
  { state, results }: { state: 'Accepted' | 'NotAccepted'; results: AcceptanceResults },
  notes: Readonly<Record<string, string | null>>,
): Promise<undefined> {
  const attempt = parseAttemptId(host.acceptance?.attempt ?? '')?.attempt;
  const concluded = await annotate(
    host,
    deps,
    { ...outcomeOf(state, results), attempt },
    {
      [annotations.acceptance]: state,
      [annotations.acceptanceSince]: timeOf(deps),
      [annotations.acceptanceResults]: JSON.stringify(results),
      ...notes,
    },
  );
  deps.logger.info({ host: `${host.namespace}/${host.name}`, state }, 'A host is through the checks of its pool');
  await tellAcceptance(deps.client, concluded);
}

function outcomeOf(state: 'Accepted' | 'NotAccepted', { timedOut }: AcceptanceResults): NewNote {
  if (state === 'Accepted') return { step: 'checks', to: 'Available', cause: 'HostAnswered' };
  return timedOut === true
    ? { step: 'checks', to: 'NotAccepted', cause: 'DeadlinePassed', reason: 'ChecksTimedOut' }
    : { step: 'checks', to: 'NotAccepted', cause: 'HostAnswered', reason: 'ChecksFailed' };
}

/** Plans of others would inherit it. The host is still kept out: nobody else writes to the Secret. */
async function liftSingleAttempt(secret: PlanSecretView, { client, logger }: AcceptanceWrites): Promise<void> {
  const { namespace, name, maxFailures } = secret;
  if (maxFailures === undefined) return;
  try {
    await client.patch(secrets, { namespace, name }, releasePatch(secret));
  } catch (error) {
    // What the host has passed it has passed.
    if (!isRefusal(error)) throw error;
    logger.warn({ err: error, secret: `${namespace}/${name}` }, 'The plan Secret keeps its limit of one attempt');
  }
}

async function annotate(
  host: HostView,
  { client, hosts, hostLabels, now }: AcceptanceWrites,
  note: NewNote,
  changes: Readonly<Record<string, string | null>>,
): Promise<HostView> {
  const { namespace, name, uid, resourceVersion } = host;
  const metadata = { uid, resourceVersion, annotations: { ...changes, ...noteOnHost(host, note, now()) } };
  const changed = viewHost(await client.patch(machineInventories, { namespace, name }, { metadata }), hostLabels);
  hosts.upsert(changed);
  return changed;
}

/** RFC 3339, in seconds. */
function timeOf({ now }: AcceptanceWrites): string {
  return now()
    .toISOString()
    .replace(/\.\d{3}Z$/, 'Z');
}
