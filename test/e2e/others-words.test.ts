import { expect, test as base } from 'vitest';
import { baremetalClusters, baremetalMachines, secrets } from '../../api/resources.ts';
import { readChangedSamples, type SampleManifest } from '../../dev/lab/samples.ts';
import { conditionOf, waitForMachine } from '../support/machines.ts';
import { type Site, startSite } from '../support/site.ts';
import { waitFor } from '../support/wait-for.ts';

// A machine that waits for other people's objects says what these say, with Cluster API's own controllers.
const hosts = ['ow-1'];
const CA_SECRET = 'demo-ca';

const test = base.extend('site', { scope: 'file' }, async ({}, { onCleanup }) => {
  const site = await startSite('words', { hosts, replicas: 1 });
  onCleanup(() => site.close());
  return site;
});

async function theMachine(site: Site): Promise<string> {
  const machine = await waitFor('there is a machine', async () => (await site.machines())[0]);
  return machine.metadata.name;
}

async function untilSays(site: Site, type: string, reason: string, words: RegExp): Promise<string> {
  const machine = await waitForMachine(site, await theMachine(site), `${reason}: ${words.source}`, (it) => {
    const condition = conditionOf(it, type);
    return condition?.reason === reason && words.test(condition.message);
  });
  return conditionOf(machine, type)?.message ?? '';
}

/** The samples, with a cluster that nobody can reach. */
async function withoutEndpoint(site: Site): Promise<SampleManifest[]> {
  const samples = await readChangedSamples({ ...site, replicas: 1, hosts: hosts.map((name) => ({ name })) });
  return samples.map((manifest) => (manifest.kind === 'BaremetalCluster' ? { ...manifest, spec: {} } : manifest));
}

test('the Cluster says what its infrastructure lacks', async ({ site }) => {
  const { client, namespace } = site;
  const ca = await client.get(secrets, { namespace, name: CA_SECRET });
  await client.delete(secrets, { namespace, name: CA_SECRET });
  expect(ca.data).toBeDefined();
  await site.apply(await withoutEndpoint(site));
  const said = await untilSays(site, 'InventoryAllocated', 'WaitingForClusterInfrastructure', /\(.+\)$/);
  expect(said).toContain('controlPlaneEndpoint');
});

test('the KubeadmConfig says which certificate is missing', async ({ site }) => {
  const { client, namespace } = site;
  const spec = { controlPlaneEndpoint: { host: '192.0.2.10', port: 6443 } };
  await client.patch(baremetalClusters, { namespace, name: 'demo' }, { spec });
  const said = await untilSays(site, 'BootstrapReady', 'BootstrapWaiting', /[Cc]ertificate/);
  expect(said).toMatch(/^The bootstrap Secret is not there yet \(KubeadmConfig workers-\S+: .*[Cc]ertificate/);
  const ready = conditionOf(await client.get(baremetalMachines, { namespace, name: await theMachine(site) }), 'Ready');
  expect(ready?.message).toBe(said);
});
