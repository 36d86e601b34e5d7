import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'vitest';
import { startService } from '../../dev/lab/services.ts';
import { findFreePorts } from '../../dev/process/ports.ts';
import { readManifests } from '../../dev/stack/cluster-api-manifests.ts';
import { applyManifest } from '../../dev/stack/manifests.ts';
import { INSTALLATION_NAMESPACE } from '../../dev/stack/rbac.ts';
import { openServiceAccount, type ServiceAccountAccess } from '../../dev/stack/service-account.ts';
import { listGrantedRights, listUsedRights } from '../support/rights.ts';
import type { Site } from '../support/site.ts';
import { siteTest } from '../support/site-test.ts';
import { useStack } from '../support/stack.ts';
import { waitFor } from '../support/wait-for.ts';

// The fleet map as an installation runs it: with the account of config/console, for people who bring tokens.
const HOST = 'map-1';
const roles = new URL('../../config/console/console-role.yaml', import.meta.url).pathname;
const ACCOUNT = { namespace: INSTALLATION_NAMESPACE, name: 'ironloom-console' };

const test = siteTest('map', { hosts: [HOST], replicas: 1 });

let address: string;
let viewer: ServiceAccountAccess;
const opened = new AsyncDisposableStack();
test.afterAll(() => opened.disposeAsync());

test.beforeAll(async ({ site }) => {
  const stack = useStack();
  const dir = await mkdtemp(join(tmpdir(), 'ironloom-map-'));
  opened.defer(() => rm(dir, { recursive: true, force: true }));
  const open = async (account: typeof ACCOUNT): Promise<ServiceAccountAccess> => {
    const access = await openServiceAccount({ account, adminKubeconfigPath: stack.kubeconfigs.admin, dir });
    opened.defer(() => access.stop());
    return access;
  };
  for (const manifest of await readManifests(roles)) await applyManifest(site.client, manifest);
  await applyViewer(site);
  viewer = await open({ namespace: site.namespace, name: 'viewer' });
  const { kubeconfigPath } = await open(ACCOUNT);
  const [port] = await findFreePorts(1);
  address = `http://127.0.0.1:${port}`;
  const env = { IRONLOOM_CONSOLE_ADDRESS: `127.0.0.1:${port}`, IRONLOOM_CONSOLE_ACCESS: 'token' };
  const cluster = { ...stack, kubeconfigs: { ...stack.kubeconfigs, admin: kubeconfigPath } };
  const console = await startService(cluster, { kind: 'console', name: 'console-map', env });
  opened.defer(() => console.stop());
  await site.deploy();
  await site.untilRunning(1);
});

/** Somebody who may read the site's namespace, Secrets as well. */
async function applyViewer({ client, namespace }: Site): Promise<void> {
  const metadata = { namespace, name: 'viewer' };
  const group = 'rbac.authorization.k8s.io';
  await applyManifest(client, { apiVersion: 'v1', kind: 'ServiceAccount', metadata });
  const rules = [{ apiGroups: ['*'], resources: ['*'], verbs: ['get', 'list'] }];
  await applyManifest(client, { apiVersion: `${group}/v1`, kind: 'Role', metadata, rules });
  await applyManifest(client, {
    apiVersion: `${group}/v1`,
    kind: 'RoleBinding',
    metadata,
    roleRef: { apiGroup: group, kind: 'Role', name: 'viewer' },
    subjects: [{ kind: 'ServiceAccount', ...metadata }],
  });
}

async function ask(path: string): Promise<{ status: number; text: string }> {
  const token = await readFile(viewer.tokenPath, 'utf8');
  const response = await fetch(address + path, { headers: { authorization: `Bearer ${token}` } });
  return { status: response.status, text: await response.text() };
}

test('who brings a token sees their namespace: the machine, and what its host answered', async ({ site }) => {
  expect((await fetch(`${address}/api/fleet`)).status).toBe(401);
  await waitFor('the map shows the host', async () => (await ask('/api/fleet')).text.includes(HOST));
  const page = await ask(`/api/hosts/${site.namespace}/${HOST}`);
  expect(page.status).toBe(200);
  expect(JSON.parse(page.text)).toMatchObject({ secretSeen: true, machine: { run: 'open' } });
  expect((await ask('/api/hosts/kube-system/any')).status).toBe(404);
});

test('the console had every right that it needed, and needed every right that it has', async () => {
  const { used, denied } = await listUsedRights(useStack().auditLogPath, 'console');
  expect(denied).toEqual([]);
  const granted = await listGrantedRights('console');
  expect(granted.length).toBeGreaterThan(8);
  expect(used.toSorted()).toEqual(granted.toSorted());
});
