import type { HostLabels } from '../../domain/inputs/host-labels.ts';
import { annotations } from '../../api/constants.ts';
import type { Secret } from '../../api/core.ts';
import type { MachineInventory } from '../../api/inventory.ts';
import { machineInventories, secrets } from '../../api/resources.ts';
import { noteOnHost } from '../../domain/inputs/host-notes.ts';
import { type HostView, viewHost } from '../../domain/inputs/host-view.ts';
import { attemptId, parseAttemptId } from '../../domain/plan/attempt.ts';
import { renderCleanPlan } from '../../domain/plan/clean.ts';
import { mayHoldFailure } from '../../domain/plan/last-failure.ts';
import { type PlanSecretView, planSecretPatch, viewPlanSecret } from '../../domain/plan/secret.ts';
import type { Reader } from '../../reading/reader.ts';
import type { KubeClient } from '../../runtime/kube/client.ts';
import { findNaming } from './host-standing.ts';

export interface StrandedHostDeps {
  client: Pick<KubeClient, 'find' | 'list' | 'patch'>;
  reader: Pick<Reader, 'lastFailure'>;
  /** Which labels of an inventory tell what of its host. */
  hostLabels: HostLabels;
}

/**
 * Takes the record of a use that nobody ends away and quarantines the host: from then on nobody may write to it, and it
 * is noted which clean plan makes it free. The plan itself is written by `leaveCleanPlan`; the request stands until then.
 * @throws KubeApiError also when the host has changed meanwhile
 */
export async function stripRecord(
  host: HostView,
  { reason, actor }: { reason: string; actor: string },
  { client, now }: Pick<StrandedHostDeps, 'client'> & { now: () => Date },
): Promise<MachineInventory> {
  const found = await findPlanSecret(host, client);
  const { id, plan } = nextCleanPlan(host, found && viewPlanSecret(found));
  const obstacle = findObstacle(host, found && viewPlanSecret(found));
  const { namespace, name, uid, resourceVersion, owner } = host;
  const ended = owner && {
    cluster: owner.cluster,
    machine: { name: owner.baremetalMachine, uid: owner.uid },
  };
  const asked = { step: 'quarantine', to: 'Quarantined', cause: 'Operator', actor, ...ended } as const;
  const notes = {
    ...noteOnHost(host, asked, now()),
    [annotations.ownerCluster]: null,
    [annotations.ownerMachine]: null,
    [annotations.ownerBaremetalMachine]: null,
    [annotations.ownerUid]: null,
    [annotations.allocationState]: 'Unavailable',
    // Nobody knows the group of a machine that is gone.
    [annotations.lastGroup]: null,
    [annotations.hostPlanAttempt]: id,
    [annotations.hostPlanChecksum]: plan.checksum,
    [annotations.quarantine]: obstacle === undefined ? reason : `No clean plan could be left: ${obstacle}. ${reason}`,
  };
  return client.patch(
    machineInventories,
    { namespace, name },
    { metadata: { uid, resourceVersion, annotations: notes } },
  );
}

/** A quarantine has stripped the host, and the clean plan that is noted is one of its own: nobody's machine has it. */
export function isStripped({ uid, owner, quarantined, plan }: HostView): boolean {
  const attempt = plan === undefined ? undefined : parseAttemptId(plan.attemptId);
  return quarantined && owner === undefined && attempt?.planType === 'clean' && attempt.uid === uid;
}

/**
 * Writes the clean plan that is noted on a stripped host. Its agent tries it until it succeeds, for nobody is left who could
 * order another attempt. Between the two writes a machine may have come that lives there: that nobody does is read again.
 * @returns why there is no clean plan, as a sentence part; undefined: it stands there
 * @throws KubeApiError also when the Secret has changed meanwhile
 */
export async function leaveCleanPlan(
  stripped: HostView,
  { client, reader, hostLabels }: StrandedHostDeps,
): Promise<string | undefined> {
  const [found, naming, inventory] = await Promise.all([
    findPlanSecret(stripped, client),
    findNaming(stripped, { client }),
    client.find(machineInventories, { namespace: stripped.namespace, name: stripped.name }),
  ]);
  const host = inventory && viewHost(inventory, hostLabels);
  if (naming !== undefined) return `the providerID of BaremetalMachine ${naming.name} names the host`;
  if (host?.plan === undefined || !isStripped(host)) return 'somebody has the host by now';
  const secret = found && viewPlanSecret(found);
  const obstacle = findObstacle(host, secret);
  if (found === undefined || secret === undefined || obstacle !== undefined) return obstacle;
  if (secret.planAttempt === host.plan.attemptId) return undefined;
  const plan = renderCleanPlan({ attemptId: host.plan.attemptId });
  if (plan.checksum !== host.plan.checksum) return 'it was ordered by a build whose clean plan was another one';
  const { namespace, name, resourceVersion, uid } = secret;
  const lastFailure = mayHoldFailure(found) ? await reader.lastFailure(found, Buffer.byteLength(plan.json)) : {};
  await client.patch(
    secrets,
    { namespace, name },
    planSecretPatch({
      plan,
      attemptId: host.plan.attemptId,
      planType: 'clean',
      unattended: true,
      lastFailure,
      resourceVersion,
      uid,
    }),
  );
  return undefined;
}

async function findPlanSecret(
  { namespace, planSecretName: name }: HostView,
  client: StrandedHostDeps['client'],
): Promise<Secret | undefined> {
  return name === undefined ? undefined : client.find(secrets, { namespace, name });
}

/** An attempt of the host itself, not of a machine, with a number that does not stand there. */
function nextCleanPlan({ uid, plan }: HostView, secret: PlanSecretView | undefined) {
  const known = [plan?.attemptId, secret?.planAttempt].flatMap((id) => parseAttemptId(id ?? '') ?? []);
  const last = known.filter((attempt) => attempt.uid === uid).map(({ attempt }) => attempt);
  const id = attemptId({ uid, planType: 'clean', attempt: Math.max(0, ...last) + 1, claim: secret?.uid });
  return { id, plan: renderCleanPlan({ attemptId: id }) };
}

/** Why no plan is written to the Secret. */
function findObstacle({ uid }: HostView, secret: PlanSecretView | undefined): string | undefined {
  if (secret === undefined) return 'its plan Secret is gone';
  const { isPlanSecret, controllerUid, foreignPlanType, immutable } = secret;
  if (!isPlanSecret || (controllerUid !== undefined && controllerUid !== uid)) return 'its plan Secret is not its own';
  if (foreignPlanType !== undefined) return `a ${foreignPlanType} plan of somebody else stands in its plan Secret`;
  return immutable ? 'its plan Secret is immutable' : undefined;
}
