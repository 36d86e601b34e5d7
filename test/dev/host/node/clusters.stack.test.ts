import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { z } from 'zod';
import type { Resource } from '../../../../api/resources.ts';
import { createCertificateAuthority } from '../../../../dev/stack/certificates.ts';
import { createHostClusters, type HostClusters } from '../../../../dev/host/node/clusters.ts';
import { createHostDisk, type HostDisk } from '../../../../dev/host/os/disk.ts';
import { nodes } from '../../../../dev/host/node/kube-api.ts';
import type { NodeIdentity } from '../../../../dev/host/node/identity.ts';
import { startHostedCluster } from '../../../../dev/host/node/hosted-cluster.ts';
import { findFreePorts } from '../../../../dev/process/ports.ts';
import { createKubeClient, type KubeClient } from '../../../../runtime/kube/client.ts';
import { createMemoryNodes } from '../memory-api.ts';

const pods = {
  group: '',
  version: 'v1',
  plural: 'pods',
  kind: 'Pod',
  schema: z.object({
    metadata: z.object({ name: z.string(), annotations: z.record(z.string(), z.string()) }),
    spec: z.object({ nodeName: z.string() }),
  }),
} satisfies Resource<unknown>;
const memberId = 'etcd.inmemory.infrastructure.cluster.x-k8s.io/member-id';

let folder: string;
let endpoint: string;
let clusters: HostClusters;
let disk: HostDisk;
let client: KubeClient;
const elsewhere = createMemoryNodes();

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'ironloom-test-clusters-'));
  const [port] = await findFreePorts(1);
  endpoint = `127.0.0.1:${port}`;
  clusters = createHostClusters(folder);
  disk = await createHostDisk(join(folder, 'host'), []);
  for (const ca of ['ca', 'etcd/ca']) {
    const { certPem, keyPem } = await createCertificateAuthority(ca);
    await disk.write(`/etc/kubernetes/pki/${ca}.crt`, certPem);
    await disk.write(`/etc/kubernetes/pki/${ca}.key`, keyPem);
  }
  await clusters.connect(elsewhere).register(identityOf('first', { controlPlane: true, startsCluster: true }), disk);
  const kubeconfigPath = join(folder, `workload-cluster-${port}.kubeconfig`);
  client = createKubeClient({ kubeconfigPath, userAgent: 'ironloom-test' });
});

afterAll(async () => {
  await client.close();
  await clusters.stop();
  await rm(folder, { recursive: true, force: true });
});

function identityOf(name: string, changes: Partial<NodeIdentity> = {}): NodeIdentity {
  const providerId = `baremetal:///${name}`;
  return { name, providerId, controlPlane: false, startsCluster: false, endpoint, taints: [], labels: {}, ...changes };
}

async function podsOf(node: string) {
  const { items } = await client.list(pods, { namespace: 'kube-system' });
  return z
    .array(pods.schema)
    .parse(items)
    .filter(({ spec }) => spec.nodeName === node);
}

test('who joins the endpoint that a host has started is a node there, everybody else elsewhere', async () => {
  await clusters.connect(elsewhere).register(identityOf('worker'), disk);
  await clusters.connect(elsewhere).register(identityOf('stranger', { endpoint: '192.0.2.10:6443' }), disk);
  // An API server that is no business of ours is not started either.
  const other = { controlPlane: true, startsCluster: true, endpoint: '192.0.2.10:6443' };
  await clusters.connect(elsewhere).register(identityOf('founder', other), disk);
  expect([...elsewhere.registered.keys()]).toEqual(['stranger', 'founder']);
  const found = z.array(nodes.schema).parse((await client.list(nodes)).items);
  expect(found.map(({ metadata, spec }) => `${metadata.name} ${spec.providerID}`).toSorted()).toEqual([
    'first baremetal:///first',
    'worker baremetal:///worker',
  ]);
  expect(await podsOf('worker')).toEqual([]);
});

test('a control plane node brings its components; after a reboot it is the same etcd member', async () => {
  const components = ['etcd', 'kube-apiserver', 'kube-controller-manager', 'kube-scheduler'];
  const before = await podsOf('first');
  expect(before.map(({ metadata }) => metadata.name).toSorted()).toEqual(components.map((name) => `${name}-first`));
  const kubelet = clusters.connect(elsewhere);
  await kubelet.register(identityOf('first', { controlPlane: true, startsCluster: true }), disk);
  const idsOf = (found: typeof before) => found.flatMap(({ metadata }) => metadata.annotations[memberId] ?? []);
  expect(idsOf(await podsOf('first'))).toEqual(idsOf(before));
  expect(await kubelet.heartbeat('first')).toBe(true);
  expect(await kubelet.heartbeat('nobody')).toBe(false);
});

test('a deleted Node leaves its etcd member, which only etcd can remove, and nothing else', async () => {
  await clusters.connect(elsewhere).register(identityOf('second', { controlPlane: true }), disk);
  // This API server answers a deletion with an empty text, which is no JSON.
  await client.delete(nodes, { namespace: '', name: 'second' }).catch((error: unknown) => {
    if (!(error instanceof SyntaxError)) throw error;
  });
  const namesLeft = async () => (await podsOf('second')).map(({ metadata }) => metadata.name);
  await expect.poll(namesLeft, { timeout: 10_000 }).toEqual(['etcd-second']);
});

test('it listens on the loopback interface only', async () => {
  const [port] = await findFreePorts(1);
  const pki = disk.locate('/etc/kubernetes/pki');
  const starting = startHostedCluster({ endpoint: `0.0.0.0:${port}`, pki, folder });
  await expect(starting).rejects.toThrow('not an address of the loopback interface');
});
