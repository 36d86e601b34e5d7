import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import { beforeAll, expect, test } from 'vitest';
import { parseAllDocuments } from 'yaml';
import { z } from 'zod';
import { buildKustomization } from '../../dev/release/kustomize.ts';
import { type Manifest, manifestSchema } from '../../dev/stack/cluster-api-manifests.ts';
import { askKube } from '../support/kube-raw.ts';

// What kustomize makes of config/, taken by the real API server.
const namespace = `pods-${randomUUID().slice(0, 6)}`;
const config = join(import.meta.dirname, '../../config');
const podSpecSchema = z.looseObject({ containers: z.array(z.looseObject({ securityContext: z.looseObject({}) })) });
const deploymentSchema = z.object({
  spec: z.object({ template: z.object({ metadata: z.looseObject({}), spec: podSpecSchema }) }),
});
let manifests: Manifest[];

async function build(folder: string): Promise<Manifest[]> {
  const built = parseAllDocuments(await buildKustomization(join(config, folder)));
  return built.map((document) => manifestSchema.parse(document.toJS()));
}

beforeAll(async () => {
  manifests = (await Promise.all(['default', 'console'].map(build))).flat();
  const ours = manifests.find(({ kind }) => kind === 'Namespace');
  const labels = ours?.metadata['labels'];
  expect(labels).toMatchObject({ 'pod-security.kubernetes.io/enforce': 'restricted' });
  await askKube({ method: 'POST', path: '/api/v1/namespaces', body: { metadata: { name: namespace, labels } } });
});

function podOf(deployment: string) {
  const found = manifests.find(({ kind, metadata }) => kind === 'Deployment' && metadata.name === deployment);
  return deploymentSchema.parse(found).spec.template;
}

function createPod({ metadata, spec }: ReturnType<typeof podOf>): Promise<unknown> {
  return askKube({
    method: 'POST',
    path: `/api/v1/namespaces/${namespace}/pods`,
    query: new URLSearchParams({ dryRun: 'All' }),
    body: { metadata: { ...metadata, name: 'one' }, spec },
  });
}

test.each(['ironloom-bridge', 'ironloom-worker', 'ironloom-console'])(
  'the Pods of %s are restricted',
  async (deployment) => {
    const pod = podOf(deployment);
    expect(await createPod(pod)).toMatchObject({ metadata: { name: 'one' } });
    const containers = pod.spec.containers.map((one) => ({
      ...one,
      securityContext: { ...one.securityContext, allowPrivilegeEscalation: true },
    }));
    await expect(createPod({ ...pod, spec: { ...pod.spec, containers } })).rejects.toThrow(
      'violates PodSecurity "restricted:latest": allowPrivilegeEscalation != false',
    );
  },
);

test('the optional NetworkPolicies are some, for our Pods and for the page of one', async () => {
  const created = (await build('network-policy')).map((policy) =>
    askKube({
      method: 'POST',
      path: `/apis/networking.k8s.io/v1/namespaces/${namespace}/networkpolicies`,
      query: new URLSearchParams({ dryRun: 'All', fieldValidation: 'Strict' }),
      body: { ...policy, metadata: { ...policy.metadata, namespace } },
    }),
  );
  expect(await Promise.all(created)).toMatchObject([
    { spec: { policyTypes: ['Ingress', 'Egress'] } },
    { spec: { policyTypes: ['Ingress'] } },
  ]);
});
