import { describe, expect } from 'vitest';
import { z } from 'zod';
import { annotations, foreign, providerIdOf } from '../../api/constants.ts';
import { baremetalMachines } from '../../api/resources.ts';
import { plansReceived } from '../support/host-answers.ts';
import { findInventory } from '../support/hosts.ts';
import type { KubeWrite, Passage } from '../support/kube-gate.ts';
import { beginOn, createBootstrapSecret, untilProvisioned, untilReason } from '../support/machines.ts';
import type { Site } from '../support/site.ts';
import { gatedStack, siteTestOn } from '../support/site-test.ts';

// A machine is moved here, or restored, while another one is at its host: the swap does not fence it, and no cache shows it yet.
const claimed = 'la-claim';
const waiting = 'la-plan';
const spareOf = (name: string) => `${name}-spare`;
const namesSchema = z.object({ status: z.object({ machineInventoryRef: z.object({ name: z.literal(claimed) }) }) });

let arriveAtClaim: (() => Promise<void>) | undefined;

const test = siteTestOn(gatedStack(lettingArrive), 'late', {
  hosts: [claimed, waiting].flatMap((name) => [name, spareOf(name)]),
});

/** It comes right before the claim writes which host it means. */
function lettingArrive({ resource, subresource, name, body }: KubeWrite): Passage {
  const isStatus = resource === 'baremetalmachines' && subresource === 'status' && name === claimed;
  if (arriveAtClaim === undefined || !isStatus || !namesSchema.safeParse(body).success) return { kind: 'pass' };
  const over = arriveAtClaim();
  arriveAtClaim = undefined;
  return { kind: 'passAfter', over };
}

/** As `clusterctl move` makes it: with its providerID, and nobody's yet. */
async function arrive({ client, namespace }: Site, host: string): Promise<void> {
  await client.create(baremetalMachines, {
    metadata: { namespace, name: `${host}-moved`, annotations: { [foreign.pausedAnnotation]: '' } },
    spec: { machineInventoryPoolRef: { name: host }, providerID: providerIdOf(host) },
  });
}

async function expectLeftAlone(site: Site, name: string): Promise<void> {
  const running = await untilProvisioned(site, name);
  expect(running.spec.providerID).toBe(providerIdOf(spareOf(name)));
  expect(plansReceived(site, name)).toEqual([undefined]);
  const inventory = await findInventory(site, name);
  expect(inventory?.metadata.annotations[annotations.ownerUid]).toBeUndefined();
}

describe.concurrent('a machine whose providerID names the host that is being', () => {
  test('claimed keeps it; the other machine gets the next one', async ({ site }) => {
    arriveAtClaim = () => arrive(site, claimed);
    await beginOn(site, claimed, { members: [claimed, spareOf(claimed)] });
    await expectLeftAlone(site, claimed);
    expect(arriveAtClaim).toBeUndefined();
  });

  test('given a plan keeps it; the other machine gets the next one', async ({ site }) => {
    await beginOn(site, waiting, { members: [waiting, spareOf(waiting)], userData: null });
    await untilReason(site, waiting, 'BootstrapReady', 'BootstrapWaiting');
    await arrive(site, waiting);
    await createBootstrapSecret(site, { name: waiting });
    await expectLeftAlone(site, waiting);
  });
});
