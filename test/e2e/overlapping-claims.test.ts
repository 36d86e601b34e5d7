import { expect } from 'vitest';
import { annotations, providerIdOf } from '../../api/constants.ts';
import { secrets } from '../../api/resources.ts';
import { listHostWrites, markAudit } from '../support/host-writes.ts';
import { plansReceived } from '../support/host-answers.ts';
import { allocationState, findInventory } from '../support/hosts.ts';
import type { KubeWrite, Passage } from '../support/kube-gate.ts';
import { beginOn, untilProvisioned } from '../support/machines.ts';
import { refOf } from '../support/runs.ts';
import { type Site, summarise } from '../support/site.ts';
import { gatedStack, siteTestOn } from '../support/site-test.ts';
import { useStack } from '../support/stack.ts';
import { failActivity, readPending } from '../support/ui-calls.ts';
import { waitFor } from '../support/wait-for.ts';

const host = 'oc-host';
const spare = 'oc-spare';
const test = siteTestOn(gatedStack(holdSwap), 'overlap', { hosts: [host, spare] });

const held = Promise.withResolvers<void>();
const letGo = Promise.withResolvers<void>();
let isArmed = true;

/** The first swap of the host hangs on its way. */
function holdSwap({ resource, name, body }: KubeWrite): Passage {
  const isSwap = resource === 'machineinventories' && name === host && JSON.stringify(body).includes('"Allocated"');
  if (!isArmed || !isSwap) return { kind: 'pass' };
  isArmed = false;
  held.resolve();
  return { kind: 'passAfter', over: letGo.promise };
}

async function ownerOf(site: Site, name: string): Promise<string | undefined> {
  return (await findInventory(site, name))?.metadata.annotations[annotations.ownerUid];
}

test('a claim that was failed by hand and goes on all the same gives back what the next one does not see', async ({
  site,
}) => {
  const { auditLogPath } = useStack();
  await beginOn(site, host, { members: [host, spare] });
  await held.promise;
  const machine = await refOf(site, host);
  const since = await markAudit(auditLogPath);
  // Nothing of the inventory changes: the swap on its way is still good.
  await site.client.patch(secrets, { namespace: site.namespace, name: host }, { immutable: true });
  for (const { activityId } of await readPending(site, machine)) {
    await failActivity(site, machine, activityId, { applicationFailureInfo: { nonRetryable: true } });
  }
  await waitFor(
    'the next claim takes the other host',
    async () => (await ownerOf(site, spare)) === machine.uid,
    () => summarise(site),
  );
  letGo.resolve();
  const swaps = () => listHostWrites(auditLogPath, site, { since, hosts: [host] });
  const byWorker = async () => (await swaps()).filter((write) => write.startsWith('ironloom-worker patch machineinv'));
  await waitFor('the first swap was done, and undone', async () => (await byWorker()).length === 2, byWorker);
  expect(await ownerOf(site, host)).toBeUndefined();
  expect(await allocationState(site, host)).toBe('Available');
  const running = await untilProvisioned(site, host);
  expect(running.spec.providerID).toBe(providerIdOf(spare));
  expect(plansReceived(site, host)).toEqual([undefined]);
});
