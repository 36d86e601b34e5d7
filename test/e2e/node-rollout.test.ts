import { describe, expect } from 'vitest';
import { foreign, IMAGE_CATALOG_NAME } from '../../api/constants.ts';
import type { ObjectMeta } from '../../api/meta.ts';
import { baremetalMachines, baremetalMachineTemplates, configMaps } from '../../api/resources.ts';
import { KubeApiError } from '../../runtime/kube/client.ts';
import { attached, detached, recordHostTimelines } from '../support/host-timeline.ts';
import { untilPoolCounts } from '../support/hosts.ts';
import { installedImages } from '../support/installed-images.ts';
import { conditionOf, createPool } from '../support/machines.ts';
import { type ObjectRecorder, recordObjects } from '../support/object-recorder.ts';
import type { Site } from '../support/site.ts';
import { beside, siteTest } from '../support/site-test.ts';
import {
  type BaremetalMachine,
  changeDeployment,
  countLeastServing,
  deployWorkers,
  listWorkers,
  machineSets,
  untilRolledOut,
  untilWorkers,
  untilWorkersRun,
} from '../support/worker-groups.ts';
import { DEPLOYMENT_LABEL, renderBootstrapTemplate, renderMachineTemplate } from '../support/worker-manifests.ts';

// docs/guides/node-management.md step by step: machines that are replaced because their deployment changed. Each pool
// has as many hosts as machines, so nothing can surge.
const rollHosts = ['nr-roll-2', 'nr-roll-1'];
const otherHosts = ['nr-other-1', 'nr-other-2'];
const upgradeHosts = ['nr-upgrade-1', 'nr-upgrade-2'];

const test = siteTest('rollout', { hosts: [...rollHosts, ...otherHosts, ...upgradeHosts] })
  .extend('timelines', { scope: 'file', auto: true }, beside(recordHostTimelines))
  .extend(
    'machines',
    { scope: 'file', auto: true },
    beside((site) => recordObjects(site, baremetalMachines)),
  )
  .extend(
    'sets',
    { scope: 'file', auto: true },
    beside((site) => recordObjects(site, machineSets)),
  );

// Minutes on two cores that are shared with others, much less alone.
describe.concurrent('a rollout', { timeout: 300_000 }, () => {
  test('of a bootstrap template, then of another pool, one host at a time; an edited template rolls nothing', async ({
    site,
    timelines,
    machines,
    sets,
  }) => {
    await deployWorkers(site, { name: 'roll', hosts: rollHosts, replicas: 2 });
    const first = await untilWorkersRun(site, 'roll', 2);

    await editTemplatesInPlace(site);
    await site.apply([await renderBootstrapTemplate(site, 'roll-2', 'second')]);
    expect(uidsOf(await listWorkers(site, 'roll'))).toEqual(uidsOf(first));
    await changeDeployment(site, 'roll', { template: { spec: { bootstrap: { configRef: { name: 'roll-2' } } } } });
    const second = await untilRolledOut(site, 'roll', first);
    for (const host of rollHosts) expect(await readUserData(site, host)).toContain('example.com/machine-group=second');

    await createPool(site, 'roll-other', otherHosts);
    await site.apply([await renderMachineTemplate(site, 'roll-other', 'roll-other')]);
    await changeDeployment(site, 'roll', { template: { spec: { infrastructureRef: { name: 'roll-other' } } } });
    const third = await untilRolledOut(site, 'roll', second);
    expect(new Set(third.map(({ status }) => status?.machineInventoryRef?.name))).toEqual(new Set(otherHosts));

    await untilPoolCounts(site, 'roll', { total: 2, available: 2, allocated: 0 });
    await untilPoolCounts(site, 'roll-other', { total: 2, available: 0, allocated: 2 });
    for (const host of rollHosts) await timelines.until(host, [...attached, ...detached, ...attached, ...detached]);
    expect(countLeastServing(machines.seen, 'roll', 2)).toBe(1);
    expect(countMachineSets(sets, 'roll')).toBe(3);
  });

  test('to another Kubernetes version gives each host its image; one that the catalog lacks can be added', async ({
    site,
    machines,
    sets,
  }) => {
    await deployWorkers(site, { name: 'upgrade', hosts: upgradeHosts, replicas: 2 });
    const first = await untilWorkersRun(site, 'upgrade', 2);
    await addImage(site, 'v1.35.7');
    await changeDeployment(site, 'upgrade', { template: { spec: { version: 'v1.35.7' } } });
    const second = await untilRolledOut(site, 'upgrade', first);
    for (const host of upgradeHosts) expect(await installedImages(site, host)).toEqual(['v1.34.2', 'v1.35.7']);

    await changeDeployment(site, 'upgrade', { template: { spec: { version: 'v1.35.8' } } });
    const hasMiss = (machine: BaremetalMachine): boolean =>
      conditionOf(machine, 'ImageResolved')?.reason === 'ImageCatalogMiss';
    const [parked] = (await untilWorkers(site, 'upgrade', 'one misses its image', (all) => all.some(hasMiss))).filter(
      hasMiss,
    );
    expect(parked?.status?.phase).toBe('Failed');
    expect(conditionOf(parked, 'ImageResolved')?.message).toContain('v1.35.8');
    const host = parked?.status?.machineInventoryRef?.name ?? '';
    expect(await installedImages(site, host)).toEqual(['v1.34.2', 'v1.35.7']);
    const plans = site.host(host).plansReceived.map(({ type }) => type);
    expect(plans.at(-1)).toBe('clean');

    await addImage(site, 'v1.35.8');
    const third = await untilRolledOut(site, 'upgrade', second);
    expect(uidsOf(third)).toContain(parked?.metadata.uid);
    for (const name of upgradeHosts)
      expect(await installedImages(site, name)).toEqual(['v1.34.2', 'v1.35.7', 'v1.35.8']);
    expect(countLeastServing(machines.seen, 'upgrade', 2)).toBe(1);
    expect(countMachineSets(sets, 'upgrade')).toBe(3);
    await untilPoolCounts(site, 'upgrade', { total: 2, allocated: 2 });
  });
});

test('no host ever had two owners', ({ ledger }) => {
  expect(ledger.findBreaches()).toEqual([]);
});

/** What changes no machine: labels and the bootstrap template's spec. And what the API server refuses, or only tries. */
async function editTemplatesInPlace(site: Site): Promise<void> {
  const { client, namespace } = site;
  const key = { namespace, name: 'roll' };
  const spec = { template: { spec: { machineInventoryPoolRef: { name: 'elsewhere' } } } };
  const refused: unknown = await client
    .patch(baremetalMachineTemplates, key, { spec })
    .catch((error: unknown) => error);
  if (!(refused instanceof KubeApiError)) throw new Error('The API server took a changed template');
  expect(refused.code).toBe(422);
  expect(refused.message).toContain('make a new template and name it in the MachineDeployment');
  const annotations = { [foreign.topologyDryRunAnnotation]: '' };
  const tried = await client.apply(
    baremetalMachineTemplates,
    { metadata: { ...key, annotations }, spec },
    { fieldManager: 'capi-topology', dryRun: true },
  );
  expect(tried.spec.template.spec.machineInventoryPoolRef.name).toBe('elsewhere');
  await client.patch(baremetalMachineTemplates, key, { metadata: { labels: { edited: 'yes' } } });
  await site.apply([await renderBootstrapTemplate(site, 'roll', 'edited')]);
}

function uidsOf(all: readonly BaremetalMachine[]): string[] {
  return all.map(({ metadata }) => metadata.uid).toSorted();
}

async function addImage(site: Site, version: string): Promise<void> {
  const key = { namespace: site.namespace, name: IMAGE_CATALOG_NAME };
  await site.client.patch(configMaps, key, { data: { [version]: `baremetal/node-image:${version}` } });
}

/** How many versions of its template the deployment ever had; Cluster API deletes a MachineSet that is empty. */
function countMachineSets(sets: ObjectRecorder<{ metadata: ObjectMeta }>, deployment: string): number {
  const own = sets.seen.filter(({ metadata }) => metadata.labels[DEPLOYMENT_LABEL] === deployment);
  return new Set(own.map(({ metadata }) => metadata.uid)).size;
}

function readUserData(site: Site, host: string): Promise<string | undefined> {
  return site.host(host).disk.read('/var/lib/cloud/seed/nocloud/user-data');
}
