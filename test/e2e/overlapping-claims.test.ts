import { expect } from 'vitest';
import { z } from 'zod';
import { annotations, foreign, providerIdOf } from '../../api/constants.ts';
import { baremetalMachines, capiClusters, capiMachines, secrets } from '../../api/resources.ts';
import { listHostWrites, markAudit } from '../support/host-writes.ts';
import { plansReceived } from '../support/host-answers.ts';
import { allocationState, findInventory } from '../support/hosts.ts';
import type { KubeWrite, Passage } from '../support/kube-gate.ts';
import {
  beginOn,
  bootstrapSecretOf,
  createBootstrapSecret,
  createMachine,
  createPool,
  deleteMachine,
  untilGone,
  untilProvisioned,
} from '../support/machines.ts';
import { openOwnershipLedger } from '../support/ownership-ledger.ts';
import { refOf, runOf } from '../support/runs.ts';
import { type Site, summarise } from '../support/site.ts';
import { gatedStack, siteTestOn } from '../support/site-test.ts';
import { useStack } from '../support/stack.ts';
import { failActivity, readPending } from '../support/ui-calls.ts';
import { waitFor } from '../support/wait-for.ts';

const host = 'oc-host';
const spare = 'oc-spare';
const late = 'oc-late';
const passed = 'oc-passed';
const test = siteTestOn(
  gatedStack((write) => stopFirstStep(write) ?? stopAfterFinalizer(write) ?? holdSwap(write)),
  'overlap',
  {
    hosts: [host, spare, late, passed],
  },
);

const begun = Promise.withResolvers<void>();
const paused = Promise.withResolvers<void>();
const described = Promise.withResolvers<void>();
const seen = { finalizer: false, status: false };

/** The first step of the late machine is paused when it begins, describes that, and never ends. */
function stopFirstStep({ resource, name, subresource }: KubeWrite): Passage | undefined {
  if (resource !== 'baremetalmachines' || name !== late) return undefined;
  const kind = subresource === 'status' ? 'status' : 'finalizer';
  if (seen[kind]) return undefined;
  seen[kind] = true;
  if (kind === 'status') return { kind: 'stopAfter', onStopped: () => described.resolve() };
  begun.resolve();
  return { kind: 'passAfter', over: paused.promise };
}

const finished = Promise.withResolvers<void>();

/** The worker never learns that the finalizer is off, the last write of a machine that goes. */
function stopAfterFinalizer({ resource, name, subresource, body }: KubeWrite): Passage | undefined {
  if (resource !== 'baremetalmachines' || name !== passed || subresource !== '') return undefined;
  if (finalizersIn(body)?.length !== 0) return undefined;
  return { kind: 'stopAfter', onStopped: () => finished.resolve() };
}

const finalizersSchema = z.object({ metadata: z.object({ finalizers: z.array(z.string()) }) });
const finalizersIn = (body: unknown) => finalizersSchema.safeParse(body).data?.metadata.finalizers;

const held = Promise.withResolvers<void>();
const letGo = Promise.withResolvers<void>();
let swapsSeen = 0;

/** The first swap of the host breaks off, so that the claim is an activity; the next one hangs on its way. */
function holdSwap({ resource, name, body }: KubeWrite): Passage {
  const isSwap = resource === 'machineinventories' && name === host && JSON.stringify(body).includes('"Allocated"');
  if (!isSwap || swapsSeen > 1) return { kind: 'pass' };
  swapsSeen += 1;
  if (swapsSeen === 1) return { kind: 'breakOff' };
  held.resolve();
  return { kind: 'passAfter', over: letGo.promise };
}

async function pause({ client, namespace }: Site, isPaused: boolean): Promise<void> {
  const annotations = { [foreign.pausedAnnotation]: isPaused ? '' : null };
  await client.patch(baremetalMachines, { namespace, name: late }, { metadata: { annotations } });
}

/** Nothing keeps it from a host: its run's first step is to claim one. */
async function createReady(site: Site): Promise<void> {
  const { client, namespace } = site;
  const metadata = { namespace, name: late, labels: { [foreign.clusterNameLabel]: 'demo' } };
  await waitFor('the infrastructure of the Cluster is ready', async () => {
    const { status } = await client.get(capiClusters, { namespace, name: 'demo' });
    return status?.initialization?.infrastructureProvisioned === true;
  });
  await createBootstrapSecret(site, { name: late });
  const infrastructureRef = { apiGroup: baremetalMachines.group, kind: baremetalMachines.kind, name: late };
  const bootstrap = { dataSecretName: bootstrapSecretOf(late) };
  const { metadata: owner } = await client.create(capiMachines, {
    metadata,
    spec: { clusterName: 'demo', version: 'v1.34.2', bootstrap, infrastructureRef },
  });
  const reference = { apiVersion: 'cluster.x-k8s.io/v1beta2', kind: 'Machine', name: late, uid: owner.uid };
  await client.create(baremetalMachines, {
    metadata: { ...metadata, ownerReferences: [{ ...reference, controller: true }] },
    spec: { machineInventoryPoolRef: { name: late } },
  });
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

test('a host that is given back, and has another node when that step is tried again, was given back', async ({
  site,
}) => {
  await beginOn(site, passed);
  await untilProvisioned(site, passed);
  const machine = await refOf(site, passed);
  await deleteMachine(site, passed);
  await finished.promise;
  await untilGone(site, passed);
  await createMachine(site, { name: 'oc-next', pool: passed });
  await untilProvisioned(site, 'oc-next');
  for (const { activityId } of await readPending(site, machine)) await failActivity(site, machine, activityId, {});
  expect(await runOf(site, machine).result()).toMatch(/^released: /);
  expect(await ownerOf(site, passed)).toBe((await refOf(site, 'oc-next')).uid);
  expect(plansReceived(site, passed)).toEqual([undefined, 'reprovision', 'clean', 'reprovision']);
});

test('a first step that described a pause and was lost claims a host at once when it is tried again', async ({
  site,
}) => {
  const ledger = await openOwnershipLedger(site);
  await createPool(site, late, [late]);
  await createReady(site);
  await begun.promise;
  await pause(site, true);
  paused.resolve();
  await described.promise;
  await pause(site, false);
  await untilProvisioned(site, late);
  const { uid } = await refOf(site, late);
  const owners = ledger.ownerChanges().flatMap(({ host: of, to }) => (of === late ? [to] : []));
  await ledger.stop();
  expect(owners.filter((owner) => owner !== undefined)).toEqual([uid]);
});
