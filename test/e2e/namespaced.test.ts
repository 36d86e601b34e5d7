import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { parseAllDocuments } from 'yaml';
import { z } from 'zod';
import { baremetalMachines, machineInventories, type Resource, secrets } from '../../api/resources.ts';
import { buildKustomization } from '../../dev/release/kustomize.ts';
import { type Lab, startLab } from '../../dev/lab/lab.ts';
import { readChangedSamples } from '../../dev/lab/samples.ts';
import { manifestSchema } from '../../dev/stack/cluster-api-manifests.ts';
import { recordProviders, runClusterctl } from '../../dev/stack/clusterctl.ts';
import { type ManagementCluster, startManagementCluster } from '../../dev/stack/management-cluster.ts';
import { applyCrds, resourceOf } from '../../dev/stack/manifests.ts';
import { certManagerCrds } from '../support/cert-manager.ts';
import { startInstalled } from '../support/installed-services.ts';
import { openReleaseRepository, type ReleaseRepository } from '../support/release-repository.ts';
import { listGrantedRights, listUsedRights } from '../support/rights.ts';
import { type Site, startSite } from '../support/site.ts';
import { useStack } from '../support/stack.ts';
import { waitFor } from '../support/wait-for.ts';

// docs/operations.md, "One namespace", with the real clusterctl: worker and bridge have no right outside of their namespace.
const INSTALLATION = 'ironloom-system';
const rbac = { apiVersion: 'rbac.authorization.k8s.io/v1' };

let cluster: ManagementCluster;
let repository: ReleaseRepository;
let site: Site;
let elsewhere: Lab;
const opened = new AsyncDisposableStack();

beforeAll(async () => {
  [cluster, repository] = await Promise.all([
    startManagementCluster({ components: { temporal: false } }),
    openReleaseRepository('infrastructure-components-namespaced.yaml'),
  ]);
  opened.use(cluster);
  opened.defer(() => repository.remove());
  const { temporal } = useStack();
  site = await startSite('metal', { hosts: ['m-1'], replicas: 1, workers: 0, cluster: { ...cluster, temporal } });
  opened.defer(() => site.close());
  await site.bridge.stop();
  elsewhere = await startLab({ cluster, namespace: `${site.namespace}-not`, clusterName: 'demo', hosts: ['n-1'] });
  opened.defer(() => elsewhere.stop());
  await Promise.all([
    takeRightsAway(),
    applyCrds(site.client, certManagerCrds),
    recordProviders(site.client, ['cluster-api', 'bootstrap-kubeadm', 'control-plane-kubeadm']),
  ]);
});

afterAll(() => opened.disposeAsync());

/** The local stack gives worker and bridge those of an installation that serves everything. */
async function takeRightsAway(): Promise<void> {
  for (const name of [
    'ironloom-bridge',
    'ironloom-worker',
    'ironloom-lease',
    'ironloom-slots',
    'ironloom-crds-bridge',
    'ironloom-crds-worker',
  ]) {
    for (const kind of ['ClusterRoleBinding', 'ClusterRole']) {
      await site.client.delete(resourceOf({ ...rbac, kind }), { namespace: '', name });
    }
  }
}

async function clusterctl(args: readonly string[], env: Readonly<Record<string, string>> = {}): Promise<string> {
  const { configuration } = repository;
  return (await runClusterctl(args, { configuration, env: { KUBECONFIG: cluster.kubeconfigs.admin, ...env } })).stdout;
}

test('clusterctl installs it for a namespace that has to be named, and its administrator gives the rights there', async () => {
  await repository.add('v0.1.0');
  const init = ['init', '--infrastructure=ironloom:v0.1.0'];
  await expect(clusterctl(init)).rejects.toThrow('IRONLOOM_WATCH_NAMESPACE');
  const variables = {
    IRONLOOM_WATCH_NAMESPACE: site.namespace,
    IRONLOOM_TASK_QUEUE: site.namespace,
    TEMPORAL_ADDRESS: useStack().temporal.address,
  };
  await clusterctl(init, variables);

  const rights = repository.pathOf('v0.1.0', 'namespace-rights.yaml');
  await site.apply(manifestsOf(await clusterctl(['generate', 'yaml', `--from=${rights}`], variables)));
});

test('without clusterctl, config/namespaced holds the same rights and no others', async () => {
  const rights = repository.pathOf('v0.1.0', 'namespace-rights.yaml');
  const env = { IRONLOOM_WATCH_NAMESPACE: 'baremetal' };
  const expected = manifestsOf(await clusterctl(['generate', 'yaml', `--from=${rights}`], env));
  const built = manifestsOf(
    await buildKustomization(fileURLToPath(new URL('../../config/namespaced', import.meta.url))),
  );
  const granting = built.filter(({ kind }) => /^(Cluster)?Role(Binding)?$/.test(kind));
  const others = granting.filter(({ metadata }) => metadata.namespace !== 'baremetal');
  expect(granting.filter((one) => !others.includes(one))).toEqual(expect.arrayContaining(expected));
  expect(others.map(({ kind, metadata }) => `${kind} ${metadata.name}`).toSorted()).toEqual([
    'ClusterRole ironloom-crds-bridge',
    'ClusterRole ironloom-crds-worker',
    'ClusterRole ironloom-editor',
    'ClusterRole ironloom-viewer',
    'ClusterRoleBinding ironloom-crds-bridge',
    'ClusterRoleBinding ironloom-crds-worker',
    'Role ironloom-lease',
    'Role ironloom-slots',
    'RoleBinding ironloom-lease',
    'RoleBinding ironloom-slots',
  ]);
  const defaults = built.find(({ kind }) => kind === 'ConfigMap');
  expect(defaults?.['data']).toMatchObject(env);
});

const manifestsOf = (yaml: string) => parseAllDocuments(yaml).map((document) => manifestSchema.parse(document.toJS()));

const reviews = {
  group: 'authorization.k8s.io',
  version: 'v1',
  plural: 'subjectaccessreviews',
  kind: 'SubjectAccessReview',
  schema: z.object({ status: z.object({ allowed: z.boolean() }) }),
} satisfies Resource<unknown>;

/** As `kubectl auth can-i VERB RESOURCE --as=system:serviceaccount:… -n NAMESPACE`; '' for all of them. */
async function listPossible(rights: readonly string[], namespace: string): Promise<string[]> {
  const answers = await Promise.all(
    rights.map(async (right) => {
      const [, account = '', verb, group, resource = '', subresource] =
        /^(\S+): (\S+) ([^/]*)\/([^/]+)(?:\/(.*))?$/.exec(right) ?? [];
      const name = resource === 'configmaps' ? 'elemental-image-catalog' : undefined;
      const resourceAttributes = { namespace, verb, group, resource, subresource, name };
      const user = `system:serviceaccount:${INSTALLATION}:${account}`;
      const review = { metadata: {}, spec: { user, resourceAttributes } };
      return (await site.client.create(reviews, review)).status.allowed ? [right] : [];
    }),
  );
  return answers.flat();
}

test('nobody of them may do anything outside of the namespace but hold the Lease, and know our CRDs by name', async () => {
  const all = await listGrantedRights();
  const lease = all.filter((right) => right.includes('/leases'));
  expect(all).toEqual(expect.arrayContaining(['ironloom-bridge: list /secrets', 'ironloom-worker: patch /secrets']));
  // Only of our own, by their names.
  const elsewhereOnly = [...lease, ...all.filter((right) => right.includes('/customresourcedefinitions'))];
  expect(await listPossible(all, site.namespace)).toEqual(all.filter((right) => !elsewhereOnly.includes(right)));
  expect(await listPossible(all, INSTALLATION)).toEqual(lease);
  for (const namespace of [elsewhere.namespace, 'kube-system', '']) {
    expect(await listPossible(all, namespace), namespace).toEqual([]);
  }
});

test('a machine of the namespace comes up and goes, and one of another namespace is left alone', async () => {
  const { namespace } = elsewhere;
  const hosts = [{ name: 'n-1' }];
  await elsewhere.apply(await readChangedSamples({ namespace, replicas: 1, hosts }));
  const untouched = await waitFor('Cluster API has made a machine elsewhere', async () => {
    const { items } = await elsewhere.client.list(baremetalMachines, { namespace });
    return items.length === 1 && (await stateElsewhere());
  });

  await startInstalled(site, INSTALLATION, 'namespaced');
  await site.deploy();
  await site.untilRunning(1);
  await site.scale(0);
  await waitFor('the machine is gone', async () => (await site.machines()).length === 0);
  expect(await stateElsewhere()).toEqual(untouched);
  expect((await listUsedRights(cluster.auditLogPath)).denied).toEqual([]);
});

/** What worker and bridge write of a machine and its host. */
async function stateElsewhere() {
  const { client, namespace } = elsewhere;
  const { items } = await client.list(baremetalMachines, { namespace });
  const [machine] = items.map((item) => baremetalMachines.schema.parse(item));
  const host = await client.get(machineInventories, { namespace, name: 'n-1' });
  const plan = await client.get(secrets, { namespace, name: 'n-1' });
  return {
    status: machine?.status,
    finalizers: machine?.metadata.finalizers,
    annotations: host.metadata.annotations,
    plan: plan.metadata.resourceVersion,
  };
}
