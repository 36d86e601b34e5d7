import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { readManifestFolder } from '../../../dev/stack/cluster-api-manifests.ts';
import { clusterApiCrds, clusterApiWebhooks } from '../../../dev/stack/cluster-api-managers.ts';
import { readAuditEvents, readAuditEventsFrom } from '../../../dev/stack/audit.ts';
import { resourceOf } from '../../../dev/stack/manifests.ts';

const dir = mkdtempSync(join(tmpdir(), 'ironloom-test-'));
afterAll(() => rmSync(dir, { recursive: true, force: true }));

test.each([
  ['v1', 'Secret', '', 'secrets'],
  ['elemental.cattle.io/v1beta1', 'MachineInventory', 'elemental.cattle.io', 'machineinventories'],
  ['cluster.x-k8s.io/v1beta2', 'ClusterClass', 'cluster.x-k8s.io', 'clusterclasses'],
  ['gateway.networking.k8s.io/v1', 'Gateway', 'gateway.networking.k8s.io', 'gateways'],
])('%s %s is found under its plural', (apiVersion, kind, group, plural) => {
  expect(resourceOf({ apiVersion, kind })).toMatchObject({ group, plural, kind });
});

test('a folder of manifests is read without kustomize files and without empty documents', async () => {
  const object = (name: string) => `apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: ${name}\n`;
  writeFileSync(join(dir, 'two.yaml'), `# nothing\n---\n${object('a')}---\n${object('b')}---\n`);
  writeFileSync(join(dir, 'kustomization.yaml'), 'resources: [two.yaml]\n');
  const manifests = await readManifestFolder(dir);
  expect(manifests.map(({ metadata }) => metadata.name)).toEqual(['a', 'b']);
});

const crd = (name: string, versions: number) => ({
  apiVersion: 'apiextensions.k8s.io/v1',
  kind: 'CustomResourceDefinition',
  metadata: { name, labels: { own: 'label' } },
  spec: { versions: Array.from({ length: versions }, () => ({})) },
});
const webhooks = {
  apiVersion: 'admissionregistration.k8s.io/v1',
  kind: 'MutatingWebhookConfiguration',
  metadata: { name: 'mutating' },
  webhooks: [{ name: 'x', clientConfig: { service: { name: 's', namespace: 'n', path: '/mutate-x' } } }],
};
const none = { crds: [], webhooks: [] };
const manifests = {
  managers: {
    'capi-core': { crds: [crd('one', 1), crd('two', 2)], webhooks: [webhooks] },
    'capi-kubeadm-bootstrap': none,
    'capi-kubeadm-control-plane': none,
  },
  clusterctlCrds: [crd('providers', 1)],
};
const at = (webhook: number) => ({ webhook, health: 0 });
const ports = { 'capi-core': at(1234), 'capi-kubeadm-bootstrap': at(1), 'capi-kubeadm-control-plane': at(2) };

test('CRDs of Cluster API get contract labels, and conversion only where there is something to convert', () => {
  const [one, two, providers] = clusterApiCrds(manifests, ports, 'pem');
  expect(one?.metadata['labels']).toEqual({
    own: 'label',
    'cluster.x-k8s.io/v1beta1': 'v1beta1',
    'cluster.x-k8s.io/v1beta2': 'v1beta2',
    'clusterctl.cluster.x-k8s.io': '',
  });
  expect(one?.['spec']).not.toHaveProperty('conversion');
  expect(two).toHaveProperty('spec.conversion.webhook.clientConfig', {
    url: 'https://127.0.0.1:1234/convert',
    caBundle: 'cGVt',
  });
  expect(providers?.metadata['labels']).toEqual({ own: 'label', 'clusterctl.cluster.x-k8s.io': '' });
});

test('webhooks are called by address, under a name of their own', () => {
  const [adapted] = clusterApiWebhooks(manifests, 'capi-core', 1234, 'pem');
  expect(adapted?.metadata.name).toBe('capi-core-mutating');
  expect(adapted?.['webhooks']).toEqual([
    { name: 'x', clientConfig: { url: 'https://127.0.0.1:1234/mutate-x', caBundle: 'cGVt' } },
  ]);
});

test('the audit log is read up to its last whole line, without leases', async () => {
  const event = (resource: string, username: string) =>
    JSON.stringify({
      verb: 'create',
      user: { username },
      requestReceivedTimestamp: '2026-01-01T00:00:00.000000Z',
      objectRef: { resource },
    });
  const path = join(dir, 'audit.log');
  writeFileSync(path, `${event('secrets', 'a')}\n${event('leases', 'a')}\n${event('secrets', 'b')}\n{"verb":"cre`);
  expect((await readAuditEvents(path)).map(({ user }) => user.username)).toEqual(['a', 'b']);
  expect(await readAuditEvents(path, ({ user }) => user.username === 'b')).toHaveLength(1);
  const readFrom = async (start: number) => {
    const users: string[] = [];
    for await (const { user } of readAuditEventsFrom(path, start)) users.push(user.username);
    return users;
  };
  expect(await readFrom(0)).toEqual(['a', 'b']);
  expect(await readFrom(5)).toEqual(['b']);
});
