import { foreign } from '../../api/constants.ts';
import type { BaremetalMachine } from '../../api/machine.ts';
import { baremetalMachines, capiMachines, secrets } from '../../api/resources.ts';
import { isMachineOfCapi } from '../../domain/inputs/machine-view.ts';
import { wordsOf } from '../../domain/inputs/others-words.ts';
import { parseAttemptId } from '../../domain/plan/attempt.ts';
import { viewPlanSecret } from '../../domain/plan/secret.ts';
import type { ActivityDependencies } from '../step/dependencies.ts';
import { findReadable } from '../step/unreadable.ts';
import { readOwnedHost } from './record.ts';

/**
 * What speaks against taking one machine of a control plane away for a while, by what the API server says now: another one
 * of it that is not well, or reboots. An etcd of three members stands the loss of one. undefined: nothing, or the machine
 * is no part of a control plane.
 */
export async function findTroubledPeer(
  deps: ActivityDependencies,
  machine: BaremetalMachine,
): Promise<string | undefined> {
  const { labels, namespace, uid } = machine.metadata;
  const cluster = labels[foreign.clusterNameLabel];
  if (!(foreign.controlPlaneLabel in labels) || cluster === undefined) return undefined;
  const labelSelector = `${foreign.controlPlaneLabel},${foreign.clusterNameLabel}=${cluster}`;
  const { items } = await deps.kube.list(baremetalMachines, { namespace, labelSelector });
  for (const item of items) {
    const parsed = baremetalMachines.schema.safeParse(item);
    if (!parsed.success) return 'A BaremetalMachine of the control plane cannot be read';
    if (parsed.data.metadata.uid === uid) continue;
    const trouble = await findTrouble(deps, parsed.data);
    if (trouble !== undefined) return `BaremetalMachine ${parsed.data.metadata.name} of the control plane ${trouble}`;
  }
  return undefined;
}

/** What Cluster API says of a Machine whose loss would count. */
const vitalConditions = ['NodeReady', 'EtcdMemberHealthy', 'APIServerPodHealthy'];

async function findTrouble(deps: ActivityDependencies, peer: BaremetalMachine): Promise<string | undefined> {
  if (peer.metadata.deletionTimestamp !== undefined) return 'is being deleted';
  if (peer.status?.initialization?.provisioned !== true) return 'is not provisioned yet';
  const bad = peer.status.conditions?.find(
    ({ type, status }) => status === 'False' && ['Ready', 'Booted', 'NodeJoined'].includes(type),
  );
  if (bad !== undefined) return `is not well (${bad.type}: ${bad.reason})`;
  const owner = peer.metadata.ownerReferences.find(isMachineOfCapi);
  const key = { namespace: peer.metadata.namespace, name: owner?.name ?? '' };
  const capiMachine = owner === undefined ? undefined : await findReadable(deps, capiMachines, key);
  if (capiMachine?.metadata.deletionTimestamp !== undefined) return 'belongs to a Machine that is being deleted';
  const unwell = vitalConditions.find((type) => wordsOf(capiMachine?.status?.conditions, type) !== undefined);
  if (unwell !== undefined) return `has a Machine that is not well (${unwell})`;
  return (await isRebooting(deps, peer)) ? 'is being rebooted' : undefined;
}

/** A reboot plan is noted on its host, and the host has not said that it booted since. */
async function isRebooting(deps: ActivityDependencies, { metadata, status }: BaremetalMachine): Promise<boolean> {
  const inventory = status?.machineInventoryRef?.name;
  if (inventory === undefined) return false;
  const owned = await readOwnedHost(deps, metadata, inventory);
  if (owned.kind !== 'ours' || owned.host.plan === undefined) return false;
  const { plan, planSecretName } = owned.host;
  if (parseAttemptId(plan.attemptId)?.planType !== 'reboot') return false;
  const secret =
    planSecretName === undefined
      ? undefined
      : await findReadable(deps, secrets, { namespace: metadata.namespace, name: planSecretName });
  const view = secret && viewPlanSecret(secret);
  return view?.planAttempt !== plan.attemptId || view.boot?.rebooted !== true;
}
