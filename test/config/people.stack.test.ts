import { randomUUID } from 'node:crypto';
import { beforeAll, expect, test } from 'vitest';
import { z } from 'zod';
import { renderCrds } from '../../api/crds.ts';
import { askKube } from '../support/kube-raw.ts';
import { waitFor } from '../support/wait-for.ts';

// config/rbac/people-roles.yaml, with the controller that puts roles together.
const namespace = `people-${randomUUID().slice(0, 6)}`;
const ours = 'infrastructure.cluster.x-k8s.io';
const kinds = renderCrds().map(({ spec }) => spec.names.plural);

beforeAll(async () => {
  await askKube({ method: 'POST', path: '/api/v1/namespaces', body: { metadata: { name: namespace } } });
  for (const role of ['view', 'edit']) {
    await askKube({
      method: 'POST',
      path: `/apis/rbac.authorization.k8s.io/v1/namespaces/${namespace}/rolebindings`,
      body: {
        metadata: { name: role },
        roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: role },
        subjects: [{ apiGroup: 'rbac.authorization.k8s.io', kind: 'User', name: `${namespace}-${role}` }],
      },
    });
  }
});

const reviewSchema = z.object({ status: z.object({ allowed: z.boolean() }) });

async function may(role: string, verb: string, resource: string, group = ours): Promise<boolean> {
  const answer = await askKube({
    method: 'POST',
    path: '/apis/authorization.k8s.io/v1/subjectaccessreviews',
    body: { spec: { user: `${namespace}-${role}`, resourceAttributes: { namespace, verb, group, resource } } },
  });
  return reviewSchema.parse(answer).status.allowed;
}

test.each([
  ['view', ['get', 'list', 'watch'], ['create', 'update', 'patch', 'delete']],
  ['edit', ['get', 'list', 'watch', 'create', 'update', 'patch', 'delete'], ['deletecollection']],
])('who has the role %s may %j on our kinds, and no more', async (role, allowed, refused) => {
  await waitFor(`the role ${role} knows our kinds`, () => may(role, allowed.at(-1) ?? '', 'machineinventorypools'));
  for (const kind of kinds) {
    for (const verb of allowed) expect(await may(role, verb, kind), `${verb} ${kind}`).toBe(true);
    for (const verb of refused) expect(await may(role, verb, kind), `${verb} ${kind}`).toBe(false);
  }
  expect(await may(role, 'patch', 'baremetalmachines/status')).toBe(false);
  expect(await may(role, 'get', 'machineinventories', 'elemental.cattle.io')).toBe(false);
});
