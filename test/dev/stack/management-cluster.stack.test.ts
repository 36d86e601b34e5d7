import { existsSync } from 'node:fs';
import { randomUUID } from 'node:crypto';
import { Connection } from '@temporalio/client';
import { temporal } from '@temporalio/proto';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { z } from 'zod';
import {
  baremetalClusters,
  baremetalMachines,
  capiMachines,
  configMaps,
  events,
  secrets,
} from '../../../api/resources.ts';
import { startManagementCluster } from '../../../dev/stack/management-cluster.ts';
import { readAuditEvents } from '../../../dev/stack/audit.ts';
import { applyManifest, resourceOf } from '../../../dev/stack/manifests.ts';
import { prepareWorkloadCluster } from '../../../dev/stack/workload-cluster.ts';
import { createKubeClient, type KubeClient } from '../../../runtime/kube/client.ts';
import { useStack } from '../../support/stack.ts';

const stack = useStack();
const until = { timeout: 30_000, interval: 100 };
const namespace = `stack-${randomUUID().slice(0, 8)}`;
const namespaces = resourceOf({ apiVersion: 'v1', kind: 'Namespace' });
let client: KubeClient;

beforeAll(async () => {
  client = createKubeClient({ kubeconfigPath: stack.kubeconfigs.admin, userAgent: 'stack-test' });
  await client.create(namespaces, { metadata: { name: namespace } });
});
afterAll(() => client.close());

const clusterManifest = (name: string) => ({
  apiVersion: 'cluster.x-k8s.io/v1beta1',
  kind: 'Cluster',
  metadata: { namespace, name },
  spec: {
    infrastructureRef: {
      apiVersion: 'infrastructure.cluster.x-k8s.io/v1beta1',
      kind: 'BaremetalCluster',
      name,
    },
    controlPlaneRef: { apiVersion: 'controlplane.cluster.x-k8s.io/v1beta1', kind: 'ExternalControlPlane', name },
  },
});

function machineDeploymentManifests(clusterName: string) {
  const name = `${clusterName}-workers`;
  const metadata = { namespace, name };
  return [
    {
      apiVersion: 'infrastructure.cluster.x-k8s.io/v1beta1',
      kind: 'BaremetalMachineTemplate',
      metadata,
      spec: { template: { spec: { machineInventoryPoolRef: { name: 'pool' } } } },
    },
    {
      apiVersion: 'bootstrap.cluster.x-k8s.io/v1beta1',
      kind: 'KubeadmConfigTemplate',
      metadata,
      spec: { template: { spec: { joinConfiguration: { nodeRegistration: {} } } } },
    },
    {
      apiVersion: 'cluster.x-k8s.io/v1beta1',
      kind: 'MachineDeployment',
      metadata,
      spec: {
        clusterName,
        replicas: 1,
        template: {
          spec: {
            clusterName,
            version: 'v1.34.0',
            bootstrap: {
              configRef: { apiVersion: 'bootstrap.cluster.x-k8s.io/v1beta1', kind: 'KubeadmConfigTemplate', name },
            },
            infrastructureRef: {
              apiVersion: 'infrastructure.cluster.x-k8s.io/v1beta1',
              kind: 'BaremetalMachineTemplate',
              name,
            },
          },
        },
      },
    },
  ];
}

test('a MachineDeployment in v1beta1 gets a BaremetalMachine and a real bootstrap Secret', async () => {
  const key = { namespace, name: 'workload' };
  await prepareWorkloadCluster(client, key, stack.kubeconfigs.admin);
  const controlPlaneEndpoint = { host: '127.0.0.1', port: 6443 };
  await client.create(baremetalClusters, {
    metadata: key,
    spec: { controlPlaneEndpoint, controlPlaneLoadBalancer: { type: 'External', ...controlPlaneEndpoint } },
  });
  const status = { ready: true, initialization: { provisioned: true } };
  await client.patch(baremetalClusters, key, { status }, { subresource: 'status' });
  for (const manifest of [clusterManifest(key.name), ...machineDeploymentManifests(key.name)]) {
    await applyManifest(client, manifest);
  }

  const machine = await vi.waitFor(async () => {
    const { items } = await client.list(capiMachines, { namespace });
    const [only] = z.array(capiMachines.schema).parse(items);
    expect(only?.spec.bootstrap.dataSecretName).toBeDefined();
    return only;
  }, until);
  const name = machine?.spec.bootstrap.dataSecretName ?? '';
  const bootstrap = await client.get(secrets, { namespace, name });
  const userData = Buffer.from(bootstrap.data['value'] ?? '', 'base64').toString();
  expect(userData).toMatch(/^## template: jinja\n#cloud-config\n[^]*kubeadm-join-config\.yaml/);
  const { items } = await client.list(baremetalMachines, { namespace });
  const [infraMachine] = z.array(baremetalMachines.schema).parse(items);
  expect(infraMachine?.metadata.ownerReferences.map(({ kind }) => kind)).toEqual(['Machine']);
});

test('webhooks refuse what CAPI does not allow', async () => {
  const manifest = machineDeploymentManifests('other')[2];
  if (manifest === undefined) throw new Error('no MachineDeployment');
  const wrong = { ...manifest, spec: { ...manifest.spec, selector: { matchLabels: { nothing: 'fits' } } } };
  await expect(applyManifest(client, wrong)).rejects.toThrow(/must match/);
});

test('the garbage collector removes what an absent owner leaves', async () => {
  const owner = await client.create(configMaps, { metadata: { namespace, name: 'owner' } });
  const { name, uid } = owner.metadata;
  const ownerReferences = [{ apiVersion: 'v1', kind: 'ConfigMap', name, uid }];
  await client.create(configMaps, { metadata: { namespace, name: 'owned', ownerReferences } });
  await client.delete(configMaps, owner.metadata);
  await vi.waitFor(async () => {
    expect(await client.find(configMaps, { namespace, name: 'owned' })).toBeUndefined();
  }, until);
});

test('worker and bridge have the rights of an installation, and the audit log tells their writes apart', async () => {
  for (const user of ['worker', 'bridge'] as const) {
    const own = createKubeClient({ kubeconfigPath: stack.kubeconfigs[user], userAgent: `agent-of-${user}` });
    const metadata = { namespace, name: `by-${user}` };
    await own.create(events, { metadata, involvedObject: { ...metadata, kind: 'ConfigMap' } });
    await expect(own.create(configMaps, { metadata })).rejects.toThrow(/forbidden/);
    await own.close();
  }
  const writes = await vi.waitFor(async () => {
    const found = await readAuditEvents(stack.auditLogPath, ({ objectRef }) => {
      return objectRef?.namespace === namespace && objectRef.name.startsWith('by-');
    });
    expect(found.length).toBeGreaterThanOrEqual(2);
    return found;
  }, until);
  expect(writes.map(({ user, userAgent, verb }) => [user.username, userAgent, verb])).toEqual([
    ['ironloom-worker', 'agent-of-worker', 'create'],
    ['ironloom-bridge', 'agent-of-bridge', 'create'],
  ]);
});

test('a cluster of one part restarts it, loses it and ends without a trace', async () => {
  await using cluster = await startManagementCluster({ components: { kubernetes: false } });
  const { address, namespace: temporalNamespace } = cluster.temporal;
  const ask = async <T>(question: (operator: Connection['operatorService']) => Promise<T>): Promise<T> => {
    const connection = await Connection.connect({ address, connectTimeout: '2s' });
    try {
      return await question(connection.operatorService);
    } finally {
      await connection.close();
    }
  };
  const remembers = () =>
    ask(async (operator) => {
      const { customAttributes } = await operator.listSearchAttributes({ namespace: temporalNamespace });
      expect(Object.keys(customAttributes)).toContain('IronloomPhase');
      return 'Mine' in customAttributes;
    });
  const searchAttributes = { Mine: temporal.api.enums.v1.IndexedValueType.INDEXED_VALUE_TYPE_KEYWORD };
  await ask((operator) => operator.addSearchAttributes({ namespace: temporalNamespace, searchAttributes }));

  await cluster.restartTemporal({ wipe: false });
  expect(await remembers()).toBe(true);
  await cluster.killProcess('temporal');
  await expect(remembers()).rejects.toThrow();
  await cluster.restartProcess('temporal');
  expect(await remembers()).toBe(true);
  await cluster.restartTemporal({ wipe: true });
  expect(await remembers()).toBe(false);

  await cluster.stop();
  expect(existsSync(cluster.dir)).toBe(false);
  await expect(remembers()).rejects.toThrow();
});
