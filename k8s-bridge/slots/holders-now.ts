import { machineInventories, secrets } from '../../api/resources.ts';
import type { HostLabels } from '../../domain/inputs/host-labels.ts';
import { type HostView, viewHost } from '../../domain/inputs/host-view.ts';
import type { MachineView } from '../../domain/inputs/machine-view.ts';
import { type PlanSecretView, viewPlanSecret } from '../../domain/plan/secret.ts';
import { keyText } from '../../domain/pool/indexes.ts';
import { attemptOf, type SlotHolder } from '../../domain/slots/holders.ts';
import { type HostEvidence, isAtReprovision, judgeOccupation, type Occupation } from '../../domain/slots/occupation.ts';
import type { KubeClient } from '../../runtime/kube/client.ts';
import type { ReadStore } from '../reconcile/ports.ts';

/** What tells whether slots are used. */
export interface SlotCaches {
  /** Indexed by `machineIndexes` and `triggerIndexes`. */
  machines: ReadStore<MachineView>;
  hosts: ReadStore<HostView>;
  planSecrets: Pick<ReadStore<PlanSecretView>, 'get'>;
}

export interface SlotWorld {
  client: Pick<KubeClient, 'find'>;
  caches: SlotCaches;
  /** Which labels of an inventory tell what of its host. */
  hostLabels: HostLabels;
}

/** The machine has all that its plan needs, but for a slot, and may go on when it gets one. */
export function waitsForSlot(machine: MachineView): boolean {
  const { waitsForSlot: waits, deleting, deletedForMove, pausedByAnnotation, reportsPaused } = machine;
  return waits && !deleting && !deletedForMove && !pausedByAnnotation && !reportsPaused;
}

/** The machine of exactly that uid. */
export function findHolder({ namespace, machine: name, uid }: SlotHolder, { machines }: SlotCaches) {
  const machine = machines.get({ namespace, name });
  return machine?.uid === uid ? machine : undefined;
}

/** Names what a slot is held for, and by whom: of a plan that never comes the next is another one. */
export function purposeOf(holder: SlotHolder): string {
  return `${holder.uid} ${attemptOf(holder) ?? 'granted'}`;
}

/** How it stands with the plan that a slot was taken for. What the caches say only keeps it: it is freed for what the objects say themselves. */
export async function lookAtHolder(holder: SlotHolder, world: SlotWorld): Promise<Occupation> {
  const cached = judgeOccupation(holder, cachedEvidence(holder, world.caches));
  return cached === 'busy' ? 'busy' : judgeOccupation(holder, await readEvidence(holder, world));
}

function cachedEvidence({ namespace, host: name }: SlotHolder, { hosts, planSecrets }: SlotCaches): HostEvidence {
  return evidenceOf(hosts.get({ namespace, name }), planSecrets);
}

function evidenceOf(host: HostView | undefined, planSecrets: SlotCaches['planSecrets']): HostEvidence {
  const { namespace = '', planSecretName: name } = host ?? {};
  return { host, secret: name === undefined ? undefined : planSecrets.get({ namespace, name }) };
}

/** Whether the host is at a reprovision plan of its machine, by its own objects: the plan may be over that a cache believes in. */
export async function isAtPlanNow(holder: SlotHolder, world: SlotWorld): Promise<boolean> {
  const evidence = await readEvidence(holder, world);
  return evidence.host?.owner?.uid === holder.uid && isAtReprovision(evidence);
}

async function readEvidence({ namespace, host: name }: SlotHolder, world: SlotWorld): Promise<HostEvidence> {
  const { client, hostLabels } = world;
  const inventory = await client.find(machineInventories, { namespace, name });
  const host = inventory && viewHost(inventory, hostLabels);
  if (host?.planSecretName === undefined) return { host, secret: undefined };
  const secret = await client.find(secrets, { namespace, name: host.planSecretName });
  return { host, secret: secret && viewPlanSecret(secret) };
}

/**
 * Machines of ours whose hosts are at a reprovision plan for which no slot is written down: it was written before there was a
 * limit. They count as if they held one.
 */
export function findUnlisted(holders: ReadonlyMap<string, SlotHolder>, caches: SlotCaches): Map<string, string> {
  const poolByUid = new Map<string, string>();
  for (const host of caches.hosts.list()) {
    const { owner, namespace } = host;
    if (owner === undefined || host.allocationState === 'Allocated' || holders.has(owner.uid)) continue;
    const machine = caches.machines.get({ namespace, name: owner.baremetalMachine });
    if (machine?.uid !== owner.uid || !isAtReprovision(evidenceOf(host, caches.planSecrets))) continue;
    poolByUid.set(owner.uid, keyText({ namespace, name: machine.pool }));
  }
  return poolByUid;
}
