import { describe, expect } from 'vitest';
import { baremetalMachineTemplates, capiMachines, machineInventories } from '../../api/resources.ts';
import { nodes } from '../../dev/host/node/kube-api.ts';
import { resourceOf } from '../../dev/stack/manifests.ts';
import { isSameProvider, readNodeGroup } from '../support/autoscaler.ts';
import { recordObjects } from '../support/object-recorder.ts';
import type { Site } from '../support/site.ts';
import { siteTest } from '../support/site-test.ts';
import { waitFor } from '../support/wait-for.ts';
import { appendMembers, changeMembers, deployWorkers, untilWorkers } from '../support/worker-groups.ts';

// docs/guides/autoscaler.md. The autoscaler itself does not run here: what it reads, and in which forms, does.
const hosts = ['as-large', 'as-small', 'as-bare', 'as-zero-1', 'as-zero-2'];
const test = siteTest('autoscaler', { hosts, env: { IRONLOOM_HARDWARE_LABELS: 'nvidia.com/gpu=example.com/gpus' } });

const deployments = resourceOf({ apiVersion: 'cluster.x-k8s.io/v1beta2', kind: 'MachineDeployment' });
/** As registrations of elemental write them, and one of the operator's own. */
const large = {
  'elemental.cattle.io/CpuTotalThreads': '64',
  'elemental.cattle.io/TotalMemory': '274877906944',
  'elemental.cattle.io/AvailableMemory': '270582939648',
  'elemental.cattle.io/Architecture': 'amd64',
  'example.com/gpus': '2',
};
/** As the page of Elemental's UI calls them. */
const small = { TotalCPUThread: '16', TotalMemory: '68719476736', 'elemental.cattle.io/Architecture': 'amd64' };

async function label({ client, namespace }: Site, name: string, labels: Record<string, string | null>): Promise<void> {
  await client.patch(machineInventories, { namespace, name }, { metadata: { labels } });
}

async function annotate({ client, namespace }: Site, name: string, annotations: Record<string, string>): Promise<void> {
  await client.patch(deployments, { namespace, name }, { metadata: { annotations } });
}

async function untilCapacity(site: Site, name: string, status: 'True' | 'False', words = /(?:)/): Promise<void> {
  const read = async () =>
    (await site.client.get(baremetalMachineTemplates, { namespace: site.namespace, name })).status;
  await waitFor(
    `CapacityKnown of ${name} is ${status}`,
    async () => {
      const found = (await read())?.conditions?.find(({ type }) => type === 'CapacityKnown');
      return found?.status === status && words.test(found.message);
    },
    read,
  );
}

describe.concurrent('a node group without nodes', () => {
  test('is known by the hosts of its pool, as the autoscaler reads it', async ({ site }) => {
    const { client, namespace } = site;
    await label(site, 'as-large', large);
    await deployWorkers(site, { name: 'as', hosts: ['as-large'], replicas: 0 });
    await untilCapacity(site, 'as', 'True');
    const least = { cpu: 64, memory: 270582939648, 'nvidia.com/gpu': 2, pods: 110 };
    const nodeInfo = { architecture: 'amd64', operatingSystem: 'linux' };
    expect(await readNodeGroup(namespace, 'as')).toMatchObject({ canScaleFromZero: true, capacity: least, nodeInfo });

    await label(site, 'as-small', small);
    await appendMembers(site, 'as', ['as-small', 'as-bare', 'as-nobody']);
    await untilCapacity(site, 'as', 'False', /^Without labels that tell cpu and memory: as-bare \(/);
    const both = { cpu: 16, memory: 68719476736, pods: 110 };
    expect((await readNodeGroup(namespace, 'as')).capacity).toEqual(both);

    // Annotations go first, each for itself.
    await annotate(site, 'as', {
      'capacity.cluster-autoscaler.kubernetes.io/memory': '32Gi',
      'capacity.cluster-autoscaler.kubernetes.io/maxPods': '200',
      'capacity.cluster-autoscaler.kubernetes.io/gpu-count': '1',
      'capacity.cluster-autoscaler.kubernetes.io/gpu-type': 'nvidia.com/gpu',
    });
    const annotated = { cpu: 16, memory: 32 * 2 ** 30, pods: 200, 'nvidia.com/gpu': 1 };
    expect((await readNodeGroup(namespace, 'as')).capacity).toEqual(annotated);

    const seen = await recordObjects(site, baremetalMachineTemplates);
    await label(site, 'as-large', { 'example.com/noise': 'x' });
    await label(site, 'as-bare', small);
    await untilCapacity(site, 'as', 'True');
    await seen.stop();
    const own = seen.seen.filter(({ metadata }) => metadata.name === 'as');
    expect(new Set(own.map(({ status }) => JSON.stringify(status))).size).toBe(2);
    await changeMembers(site, 'as', []);
    await untilCapacity(site, 'as', 'False', /^No host of pool as is registered$/);
    const bare = await client.get(baremetalMachineTemplates, { namespace, name: 'as' });
    expect(bare.status?.capacity).toBeUndefined();
  });

  test('gets a machine as the autoscaler orders it, whose Node it finds by the providerID', async ({ site }) => {
    const { client, namespace } = site;
    for (const host of ['as-zero-1', 'as-zero-2']) await label(site, host, small);
    await deployWorkers(site, { name: 'as-zero', hosts: ['as-zero-1', 'as-zero-2'], replicas: 0 });
    const size = 'cluster.x-k8s.io/cluster-api-autoscaler-node-group';
    await annotate(site, 'as-zero', { [`${size}-min-size`]: '0', [`${size}-max-size`]: '2' });
    await untilCapacity(site, 'as-zero', 'True');
    const group = await readNodeGroup(namespace, 'as-zero');
    expect(group).toMatchObject({ minSize: 0, maxSize: 2, canScaleFromZero: true });
    await client.patch(deployments, { namespace, name: 'as-zero' }, { spec: { replicas: 1 } });
    const [machine] = await untilWorkers(
      site,
      'as-zero',
      'run',
      (machines) => machines.length === 1 && machines.every(({ status }) => status?.phase === 'Running'),
    );
    const owner = machine?.metadata.ownerReferences.find(({ kind }) => kind === 'Machine')?.name ?? '';
    const [asked, node] = await waitFor('the Node of its Machine', async () => {
      const { spec, status } = await client.get(capiMachines, { namespace, name: owner });
      const found = status?.nodeRef?.name;
      if (found === undefined) return undefined;
      const registered = await client.get(nodes, { namespace: '', name: found });
      return [spec.providerID ?? 'none', registered.spec.providerID ?? ''] as const;
    });
    expect(isSameProvider(node, asked)).toBe(true);
  });
});

test('no host ever had two owners', ({ ledger }) => {
  expect(ledger.findBreaches()).toEqual([]);
});
