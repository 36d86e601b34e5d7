import { describe, expect } from 'vitest';
import { z } from 'zod';
import { annotations, foreign, providerIdOf } from '../../api/constants.ts';
import { baremetalMachines } from '../../api/resources.ts';
import { plansReceived } from '../support/host-answers.ts';
import { findInventory } from '../support/hosts.ts';
import type { KubeWrite, Passage } from '../support/kube-gate.ts';
import { beginOn, untilProvisioned } from '../support/machines.ts';
import type { Site } from '../support/site.ts';
import { gatedStack, siteTestOn } from '../support/site-test.ts';

// A machine is moved here, or restored, while another one is at its host: no cache shows it yet, and the swap does not fence it.
const statusSchema = z.object({
  status: z.object({ phase: z.string().nullish(), machineInventoryRef: z.object({ name: z.string() }).nullish() }),
});

/** When it comes: right before the step writes which host it means, or that its plan is under way. */
const moments = {
  'la-claim': ({ phase, machineInventoryRef }) =>
    phase !== 'Reprovisioning' && machineInventoryRef?.name === 'la-claim',
  'la-plan': ({ phase }) => phase === 'Reprovisioning',
} satisfies Record<string, (status: z.infer<typeof statusSchema>['status']) => boolean>;

type Name = keyof typeof moments;
const arriving = new Map<string, () => Promise<unknown>>();

const spareOf = (name: string) => `${name}-spare`;
const test = siteTestOn(gatedStack(lettingArrive), 'late', {
  hosts: Object.keys(moments).flatMap((name) => [name, spareOf(name)]),
});

function lettingArrive({ resource, subresource, name, body }: KubeWrite): Passage {
  const arrive = arriving.get(name);
  if (arrive === undefined || resource !== 'baremetalmachines' || subresource !== 'status') return { kind: 'pass' };
  const { status } = statusSchema.parse(body);
  if (!isName(name) || !moments[name](status)) return { kind: 'pass' };
  arriving.delete(name);
  return { kind: 'passAfter', over: arrive() };
}

function isName(name: string): name is Name {
  return name in moments;
}

/** As `clusterctl move` makes it: with its providerID, and nobody's yet. */
async function arrive({ client, namespace }: Site, host: string): Promise<void> {
  await client.create(baremetalMachines, {
    metadata: { namespace, name: `${host}-moved`, annotations: { [foreign.pausedAnnotation]: '' } },
    spec: { machineInventoryPoolRef: { name: host }, providerID: providerIdOf(host) },
  });
}

describe.concurrent('a machine whose providerID names the host that is being', () => {
  test.for([
    ['claimed', 'la-claim'],
    ['given a plan', 'la-plan'],
  ] as const)('%s keeps it; the other machine gets the next one', async ([, name], { site }) => {
    arriving.set(name, () => arrive(site, name));
    await beginOn(site, name, { members: [name, spareOf(name)] });
    const running = await untilProvisioned(site, name);
    expect(arriving.has(name)).toBe(false);
    expect(running.spec.providerID).toBe(providerIdOf(spareOf(name)));
    expect(plansReceived(site, name)).toEqual([undefined]);
    const inventory = await findInventory(site, name);
    expect(inventory?.metadata.annotations[annotations.ownerUid]).toBeUndefined();
  });
});
