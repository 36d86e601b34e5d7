import { expect, it } from 'vitest';
import { capiClusterSchema, capiMachineSchema } from '../../../api/cluster-api.ts';
import { configMapSchema } from '../../../api/core.ts';
import { objectMetaOnlySchema } from '../../../api/resources.ts';
import { viewCapiCluster, viewCapiMachine, viewCatalog, viewSecretMeta } from '../../../domain/inputs/capi-view.ts';

const metadata = { namespace: 'demo', name: 'x', uid: 'u', resourceVersion: '3' };

it('reads what CAPI reports of a Machine', () => {
  const machine = {
    metadata,
    spec: { clusterName: 'c1', version: 'v1.31.0', failureDomain: 'east', bootstrap: { dataSecretName: 'boot' } },
    status: { nodeRef: { name: 'node-1' } },
  };
  expect(viewCapiMachine(capiMachineSchema.parse(machine))).toEqual({
    ...metadata,
    deleting: false,
    clusterName: 'c1',
    version: 'v1.31.0',
    failureDomain: 'east',
    bootstrapSecret: 'boot',
    nodeName: 'node-1',
    bootstrapSays: undefined,
    nodeSays: undefined,
  });
});

it('hears what makes the bootstrap data, the Node and the infrastructure, while they are not ready', () => {
  const condition = (type: string, message: string) => ({ type, status: 'False', reason: 'R', message });
  const configRef = { apiGroup: 'bootstrap.example', kind: 'KubeadmConfig', name: 'demo-1' };
  const conditions = [
    condition('BootstrapConfigReady', '* CertificatesAvailable: missing'),
    condition('NodeReady', 'no'),
    condition('HealthCheckSucceeded', 'no'),
  ];
  const machine = { metadata, spec: { clusterName: 'c1', bootstrap: { configRef } }, status: { conditions } };
  const heard = viewCapiMachine(capiMachineSchema.parse(machine));
  expect(heard.bootstrapSays).toBe('KubeadmConfig demo-1: CertificatesAvailable: missing');
  expect([heard.nodeSays, heard.isUnhealthy]).toEqual(['no', true]);
  const silent = { ...machine, status: { conditions: 'what?' } };
  expect(viewCapiMachine(capiMachineSchema.parse(silent)).bootstrapSays).toBe('KubeadmConfig demo-1');
  const cluster = { metadata, status: { conditions: [condition('InfrastructureReady', 'EndpointMissing')] } };
  expect(viewCapiCluster(capiClusterSchema.parse(cluster)).infrastructureSays).toBe('EndpointMissing');
});

it('takes a young Cluster for unpaused and not ready', () => {
  expect(viewCapiCluster(capiClusterSchema.parse({ metadata }))).toEqual({
    ...metadata,
    paused: false,
    controlPlaneEndpoint: undefined,
    infrastructureReady: false,
    infrastructureSays: undefined,
    registry: undefined,
  });
});

it('reads pause, readiness and registry of a Cluster', () => {
  const cluster = {
    metadata: { ...metadata, annotations: { 'cpaas.io/registry-address': 'r.example' } },
    spec: { paused: true, controlPlaneEndpoint: { host: '192.0.2.1', port: 6443 } },
    status: { initialization: { infrastructureProvisioned: true } },
  };
  expect(viewCapiCluster(capiClusterSchema.parse(cluster))).toMatchObject({
    paused: true,
    controlPlaneEndpoint: { host: '192.0.2.1', port: 6443 },
    infrastructureReady: true,
    registry: 'r.example',
  });
});

it('takes an endpoint with zero values for none', () => {
  const cluster = { metadata, spec: { controlPlaneEndpoint: { host: '', port: 0 } } };
  expect(viewCapiCluster(capiClusterSchema.parse(cluster)).controlPlaneEndpoint).toBeUndefined();
});

it('keeps nothing of a Secret but its identity', () => {
  const secret = { metadata: { ...metadata, labels: { a: 'b' } }, data: { value: 'c2VjcmV0' } };
  expect(viewSecretMeta(objectMetaOnlySchema.parse(secret))).toEqual(metadata);
});

it('keeps the entries of the catalog', () => {
  expect(viewCatalog(configMapSchema.parse({ metadata, data: { v1: 'os:1' } })).images).toEqual({ v1: 'os:1' });
});
