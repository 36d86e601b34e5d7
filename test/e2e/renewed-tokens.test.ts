import { randomUUID } from 'node:crypto';
import { mkdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect } from 'vitest';
import { z } from 'zod';
import { type Resource } from '../../api/resources.ts';
import type { ManagementClusterDescription } from '../../dev/stack/management-cluster.ts';
import { applyManifest, resourceOf } from '../../dev/stack/manifests.ts';
import { openServiceAccount, type ServiceAccountAccess } from '../../dev/stack/service-account.ts';
import type { ServiceKind } from '../../dev/lab/services.ts';
import { createKubeClient, type KubeClient } from '../../runtime/kube/client.ts';
import { type FileHooks, siteTestOn } from '../support/site-test.ts';
import { useStack } from '../support/stack.ts';
import { waitFor } from '../support/wait-for.ts';

// Accounts of this file's own, with the roles of an installation: theirs are deleted and made anew, which ends the tokens of
// the old ones at once. A kubelet writes another token into the same file.
const kinds = ['worker', 'bridge'] as const;
const namespace = `tokens-${randomUUID().slice(0, 6)}`;
const accounts: Partial<Record<ServiceKind, ServiceAccountAccess>> = {};
const serviceAccount = { apiVersion: 'v1', kind: 'ServiceAccount' };

const tokenReviews = {
  group: 'authentication.k8s.io',
  version: 'v1',
  plural: 'tokenreviews',
  kind: 'TokenReview',
  schema: z.object({ status: z.object({ authenticated: z.boolean().default(false) }) }),
} satisfies Resource<unknown>;

async function openAccounts({ onCleanup }: FileHooks): Promise<ManagementClusterDescription> {
  const stack = useStack();
  const client = createKubeClient({ kubeconfigPath: stack.kubeconfigs.admin, userAgent: 'ironloom-test' });
  const opened = new AsyncDisposableStack();
  opened.defer(() => client.close());
  onCleanup(() => opened.disposeAsync());
  await applyManifest(client, { apiVersion: 'v1', kind: 'Namespace', metadata: { name: namespace } });
  const dir = join(stack.dir, namespace);
  await mkdir(dir);
  const open = async (kind: ServiceKind) => {
    const account = { namespace, name: kind };
    await applyManifest(client, { ...serviceAccount, metadata: account });
    const roles = [`ironloom-${kind}`, `ironloom-crds-${kind}`, 'ironloom-lease'];
    await Promise.all(roles.map((role) => bind(client, kind, role)));
    const access = await openServiceAccount({ account, adminKubeconfigPath: stack.kubeconfigs.admin, dir });
    opened.defer(() => access.stop());
    accounts[kind] = access;
    return access.kubeconfigPath;
  };
  const [worker, bridge] = await Promise.all(kinds.map(open));
  return { ...stack, kubeconfigs: { ...stack.kubeconfigs, worker: worker ?? '', bridge: bridge ?? '' } };
}

async function bind(client: KubeClient, name: string, role: string): Promise<void> {
  const apiGroup = 'rbac.authorization.k8s.io';
  await applyManifest(client, {
    apiVersion: `${apiGroup}/v1`,
    kind: 'ClusterRoleBinding',
    metadata: { name: `${namespace}-${name}-${role}` },
    roleRef: { apiGroup, kind: 'ClusterRole', name: role },
    subjects: [{ kind: 'ServiceAccount', namespace, name }],
  });
}

const test = siteTestOn(openAccounts, 'renewed', { hosts: ['t-1', 't-2'], replicas: 1 });

function readToken(kind: ServiceKind): Promise<string> {
  return readFile(accounts[kind]?.tokenPath ?? '', 'utf8');
}

test('worker and bridge go on with another token, and are not started again for it', async ({ site }) => {
  await site.deploy();
  await site.untilRunning(1);
  const old = await Promise.all(kinds.map(readToken));

  for (const name of kinds) {
    await site.client.delete(resourceOf(serviceAccount), { namespace, name });
    await applyManifest(site.client, { ...serviceAccount, metadata: { namespace, name } });
  }
  await waitFor('there are other tokens', async () => {
    const now = await Promise.all(kinds.map(readToken));
    return now.every((token) => !old.includes(token));
  });
  const isTaken = async (token: string) =>
    (await site.client.create(tokenReviews, { metadata: {}, spec: { token } })).status.authenticated;
  for (const token of old) await waitFor('the old token is refused', async () => !(await isTaken(token)));

  await site.scale(2);
  await site.untilRunning(2);
  await site.scale(0);
  await waitFor('all machines are gone', async () => (await site.machines()).length === 0);
  for (const service of [site.bridge, ...site.workers]) expect(service.exitCode()).toBeUndefined();
});
