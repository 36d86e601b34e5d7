import { mkdir } from 'node:fs/promises';
import { elementalAnnotations, elementalInventories } from '../../dev/elemental/inventory.ts';
import { createInventory } from '../../dev/elemental/operator.ts';
import { planSecrets, toValue } from '../../dev/elemental/plan-secret.ts';
import { simulatorFolder } from '../../dev/host/os/disk.ts';
import type { SimulatedHost } from '../../dev/host/simulated-host.ts';
import { foreign } from '../../api/constants.ts';
import { isNotFound } from '../../runtime/kube/client.ts';
import { waitFor } from '../support/wait-for.ts';
import type { Scene } from './outcome.ts';

/*
 * Hosts whose inventory goes, by a mistake or because somebody else wants the host. What owns the plan Secret is gone
 * then, and nobody collects garbage here: the Secret is taken away before the host registers again.
 */

export async function loseInventory(scene: Scene, name: string): Promise<void> {
  const { client, namespace } = scene.lane;
  await client.delete(elementalInventories, { namespace, name });
  await untilForgotten(scene, name);
}

/** elemental-operator's reset: its plan goes over whatever stands there, and any answer takes the inventory away. */
export async function resetHost({ lane }: Scene, name: string): Promise<void> {
  const { client, namespace } = lane;
  const annotations = { [elementalAnnotations.resettable]: 'true' };
  await client.patch(elementalInventories, { namespace, name }, { metadata: { annotations } });
  await client.delete(elementalInventories, { namespace, name });
}

const selector = {
  apiVersion: 'elemental.cattle.io/v1beta1',
  kind: foreign.inventorySelectorKind,
  name: 'selector',
  uid: '5e1ec702-0000-4000-8000-000000000000',
};
const bootstrapPlan = JSON.stringify({
  files: [{ content: toValue('selected'), path: '/var/lib/elemental/selected', permissions: '0600' }],
});

/** A MachineInventorySelector owns the host and gives it a plan of its own, with all annotations replaced. */
export async function selectHost({ lane }: Scene, name: string): Promise<void> {
  const { client, namespace } = lane;
  const key = { namespace, name };
  const secret = await client.get(planSecrets, key);
  const dropped = Object.keys(secret.metadata.annotations ?? {}).map((note): [string, null] => [note, null]);
  const annotations = { ...Object.fromEntries(dropped), [elementalAnnotations.planType]: 'bootstrap' };
  await client.patch(planSecrets, key, {
    metadata: { annotations },
    data: { plan: toValue(bootstrapPlan), 'applied-checksum': '', 'failed-checksum': '' },
  });
  // Last: where the plan is refused nothing has happened.
  await client.patch(elementalInventories, key, { metadata: { ownerReferences: [selector] } });
}

/** The host registers with a new inventory: as it was if that was only lost, blank if somebody had taken it. */
export async function registerAnew(scene: Scene, name: string): Promise<void> {
  const { lane, model } = scene;
  const { client, namespace } = lane;
  const host = lane.hosts.get(name);
  if (host === undefined) return;
  const found = await client.find(elementalInventories, { namespace, name });
  if (found !== undefined && found.metadata.deletionTimestamp === undefined) {
    await client.delete(elementalInventories, { namespace, name });
  }
  await untilForgotten(scene, name);
  if (model.records.taken.has(name)) await wipe(host, model.darkHosts.has(name));
  await createInventory(client, { namespace, name });
}

/** A host that is reset may have to end another plan, and boot, before. */
const FORGET_TIMEOUT_MS = 90_000;

async function untilForgotten({ lane }: Scene, name: string): Promise<void> {
  const { client, namespace } = lane;
  await waitFor(
    `the MachineInventory of ${name} is gone`,
    async () => (await client.find(elementalInventories, { namespace, name })) === undefined,
    () => describeHost(lane.hosts.get(name)),
    { timeoutMs: FORGET_TIMEOUT_MS, everyMs: 50 },
  );
  await client.delete(planSecrets, { namespace, name }).catch((error: unknown) => {
    if (!isNotFound(error)) throw error;
  });
}

function describeHost(host: SimulatedHost | undefined) {
  if (host === undefined) return undefined;
  const { powered, working, bootCount, plansReceived, faults } = host;
  return { powered, working, bootCount, plansReceived: plansReceived.slice(-3), faults };
}

/** What a reset leaves of a disk. */
async function wipe(host: SimulatedHost, staysDark: boolean): Promise<void> {
  const { disk } = host;
  await host.die();
  for (const folder of ['/oem', '/run', '/tmp', '/etc', '/var']) await disk.remove(folder);
  for (const folder of ['faults', 'power', 'pods', 'services/stopped'])
    await disk.remove(`/${simulatorFolder}/${folder}`);
  for (const folder of ['/oem', '/run', '/tmp', '/var/lib/elemental/agent', '/var/lib/cloud']) {
    await mkdir(disk.locate(folder), { recursive: true });
  }
  for (const folder of ['faults', 'power', 'services/stopped']) {
    await mkdir(disk.locate(`/${simulatorFolder}/${folder}`), { recursive: true });
  }
  if (!staysDark) await host.powerOn();
}
