import { expect } from 'vitest';
import { resourceOf } from '../../dev/stack/manifests.ts';
import { plansReceived } from '../support/host-answers.ts';
import { beginOn, conditionOf, findMachine, untilProvisioned } from '../support/machines.ts';
import type { Site } from '../support/site.ts';
import { siteTest } from '../support/site-test.ts';
import { waitFor } from '../support/wait-for.ts';

// docs/guides/uninstall.md, "Namespaces": what Kubernetes does to machines whose namespace somebody deletes.
const hosts = ['nd-1', 'nd-2'];
const namespaces = resourceOf({ apiVersion: 'v1', kind: 'Namespace' });

const test = siteTest('nsgone', { hosts });

/** How a machine stands: gone, or the reason that it shows. */
async function reasonOf(site: Site, name: string): Promise<string> {
  const machine = await findMachine(site, name);
  return machine === undefined ? 'gone' : (conditionOf(machine, 'Ready')?.reason ?? '');
}

test('who deletes a namespace deletes its machines: a host is cleaned or left alone, and machines say what became of theirs', async ({
  site,
}) => {
  for (const host of hosts) {
    await beginOn(site, host);
    await untilProvisioned(site, host);
  }
  await site.client.delete(namespaces, { namespace: '', name: site.namespace });
  const ends = ['gone', 'PlanSecretMissing', 'InventoryMissing'];
  const read = () => Promise.all(hosts.map((host) => reasonOf(site, host)));
  await waitFor(
    'each machine is gone or says why not',
    async () => (await read()).every((it) => ends.includes(it)),
    read,
  );
  for (const host of hosts) {
    // Whether its plan Secret outlives the first look at the deletion is Kubernetes' affair.
    expect(plansReceived(site, host).slice(0, 2)).toEqual([undefined, 'reprovision']);
    expect([[], ['clean']]).toContainEqual(plansReceived(site, host).slice(2));
  }
});
