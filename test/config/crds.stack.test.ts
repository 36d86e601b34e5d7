import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { foreign } from '../../api/constants.ts';
import {
  baremetalClusters,
  baremetalClusterTemplates,
  baremetalMachines,
  baremetalMachineTemplates,
  machineInventoryPools,
  type Resource,
} from '../../api/resources.ts';
import { applyManifest } from '../../dev/stack/manifests.ts';
import { createKubeClient, KubeApiError, type KubeClient } from '../../runtime/kube/client.ts';
import { useStack } from '../support/stack.ts';

const namespace = `crds-${randomUUID().slice(0, 6)}`;
const poolRef = { machineInventoryPoolRef: { name: 'workers' } };
let client: KubeClient;

beforeAll(async () => {
  client = createKubeClient({ kubeconfigPath: useStack().kubeconfigs.admin, userAgent: 'ironloom-test' });
  await applyManifest(client, { apiVersion: 'v1', kind: 'Namespace', metadata: { name: namespace } });
});

afterAll(() => client.close());

/** Message of the API server's refusal. */
async function refusal(call: Promise<unknown>): Promise<string> {
  const outcome = await call.then(
    () => undefined,
    (error: unknown) => error,
  );
  if (!(outcome instanceof KubeApiError)) throw new Error('The API server took it', { cause: outcome });
  expect(outcome.code).toBe(422);
  return outcome.message;
}

function create<T>(resource: Resource<T>, name: string, spec: object): Promise<T> {
  return client.create(resource, { metadata: { namespace, name }, spec });
}

function change<T>(resource: Resource<T>, name: string, spec: object): Promise<T> {
  return client.patch(resource, { namespace, name }, { spec });
}

describe('a BaremetalMachine', () => {
  test('needs a pool', async () => {
    expect(await refusal(create(baremetalMachines, 'no-pool', {}))).toContain(
      'machineInventoryPoolRef: Required value',
    );
    const unnamed = create(baremetalMachines, 'no-pool', { machineInventoryPoolRef: { name: '' } });
    expect(await refusal(unnamed)).toContain('machineInventoryPoolRef.name');
  });

  test('keeps its pool', async () => {
    await create(baremetalMachines, 'pool-kept', poolRef);
    const moved = change(baremetalMachines, 'pool-kept', { machineInventoryPoolRef: { name: 'other' } });
    expect(await refusal(moved)).toContain('machineInventoryPoolRef is immutable: make a BaremetalMachineTemplate');
  });

  test('gets one providerID of ours, once', async () => {
    await create(baremetalMachines, 'provider', poolRef);
    const foreignId = change(baremetalMachines, 'provider', { providerID: 'aws:///zone/i-1' });
    expect(await refusal(foreignId)).toContain('providerID must be baremetal:///<name of the MachineInventory>');
    const set = await change(baremetalMachines, 'provider', { providerID: 'baremetal:///host-1' });
    expect(set.spec.providerID).toBe('baremetal:///host-1');
    const other = change(baremetalMachines, 'provider', { providerID: 'baremetal:///host-2' });
    expect(await refusal(other)).toContain('providerID is immutable once set');
    const none = change(baremetalMachines, 'provider', { providerID: null });
    expect(await refusal(none)).toContain('providerID is immutable once set');
  });

  test('keeps what it was made with: how its host is chosen', async () => {
    await create(baremetalMachines, 'wishes', { ...poolRef, hostReuse: 'Prefer' });
    expect(await refusal(change(baremetalMachines, 'wishes', { hostReuse: null }))).toContain('hostReuse is immutable');
    const spread = change(baremetalMachines, 'wishes', { allocationPolicy: 'Spread' });
    expect(await refusal(spread)).toContain('allocationPolicy is immutable: make another BaremetalMachineTemplate');
    const said = await change(baremetalMachines, 'wishes', { allocationPolicy: 'Ordered' });
    expect(said.spec).toMatchObject({ allocationPolicy: 'Ordered', hostReuse: 'Prefer' });
  });

  test('is found by the host that its providerID names', async () => {
    await create(baremetalMachines, 'selected', { ...poolRef, providerID: 'baremetal:///chosen' });
    await create(baremetalMachines, 'not-selected', { ...poolRef, providerID: 'baremetal:///chosen-2' });
    await create(baremetalMachines, 'without-host', poolRef);
    const find = async (value: string) => {
      const fieldSelector = `spec.providerID=${value}`;
      const { items } = await client.list(baremetalMachines, { namespace, fieldSelector });
      return items.map((item) => baremetalMachines.schema.parse(item).metadata.name);
    };
    expect(await find('baremetal:///chosen')).toEqual(['selected']);
    expect(await find('baremetal:///nobody')).toEqual([]);
  });

  test('has a phase that exists', async () => {
    await create(baremetalMachines, 'phase', poolRef);
    const key = { namespace, name: 'phase' };
    const wrong = client.patch(baremetalMachines, key, { status: { phase: 'Lost' } }, { subresource: 'status' });
    expect(await refusal(wrong)).toContain('status.phase');
  });
});

describe('a BaremetalMachineTemplate', () => {
  const spec = (pool: string) => ({ template: { spec: { machineInventoryPoolRef: { name: pool } } } });
  test('knows two allocation policies, and whether hosts are used again', async () => {
    for (const wishes of [{ allocationPolicy: 'Ordered' }, { allocationPolicy: 'Spread' }, { hostReuse: 'None' }]) {
      const name = Object.values(wishes).join().toLowerCase();
      const made = await create(baremetalMachineTemplates, name, { template: { spec: { ...poolRef, ...wishes } } });
      // Nothing is added: what Cluster API applies again and again stays the same.
      expect(made.spec.template.spec).toEqual({ ...poolRef, ...wishes });
    }
    const random = { template: { spec: { ...poolRef, allocationPolicy: 'Random' } } };
    expect(await refusal(create(baremetalMachineTemplates, 'random', random))).toContain('Unsupported value: "Random"');
  });

  test('never changes, but for the dry run of the topology controller', async () => {
    const message = 'a BaremetalMachineTemplate is immutable: make a new template and name it in the MachineDeployment';
    const { tried, kept } = await expectImmutable(baremetalMachineTemplates, spec('workers'), spec('other'), message);
    expect(tried.spec.template.spec.machineInventoryPoolRef.name).toBe('other');
    expect(kept.spec.template.spec.machineInventoryPoolRef.name).toBe('workers');
  });
});

describe('a BaremetalClusterTemplate', () => {
  const spec = (networkType: string) => ({ template: { spec: { networkType } } });

  test('never changes, but for the dry run of the topology controller', async () => {
    const message = 'a BaremetalClusterTemplate is immutable: make a new template and name it in the ClusterClass';
    const { tried, kept } = await expectImmutable(baremetalClusterTemplates, spec('one'), spec('other'), message);
    expect(tried.spec.template.spec.networkType).toBe('other');
    expect(kept.spec.template.spec.networkType).toBe('one');
  });

  test('may lack what a ClusterClass adds to it', async () => {
    await create(baremetalClusterTemplates, 'bare', { template: {} });
    const controlPlaneLoadBalancer = { type: 'Internal', port: 6443 };
    await create(baremetalClusterTemplates, 'to-patch', { template: { spec: { controlPlaneLoadBalancer } } });
  });
});

/** What the API server takes of an attempt to change a template: the answer to the topology controller, and what stands there afterwards. */
async function expectImmutable<T>(resource: Resource<T>, before: object, after: object, message: string) {
  const key = { namespace, name: 'immutable' };
  await create(resource, key.name, before);
  const apply = (annotated: boolean, dryRun: boolean) => {
    const annotations = annotated ? { [foreign.topologyDryRunAnnotation]: '' } : {};
    const body = { metadata: { ...key, annotations }, spec: after };
    return client.apply(resource, body, { fieldManager: 'capi-topology', dryRun });
  };
  expect(await refusal(change(resource, key.name, after))).toContain(message);
  expect(await refusal(apply(false, false))).toContain(message);
  expect(await refusal(apply(true, false))).toContain(message);
  expect(await refusal(apply(false, true))).toContain(message);
  const tried = await apply(true, true);
  await client.patch(resource, key, { metadata: { labels: { a: 'b' } } });
  return { tried, kept: await client.get(resource, key) };
}

describe('a MachineInventoryPool', () => {
  test('belongs to a Cluster', async () => {
    expect(await refusal(create(machineInventoryPools, 'no-cluster', {}))).toContain('clusterName: Required value');
  });

  test('names each host once, in order', async () => {
    const members = [{ name: 'b' }, { name: 'a' }];
    const pool = await create(machineInventoryPools, 'ordered', { clusterName: 'c', machineInventories: members });
    expect(pool.spec.machineInventories).toEqual(members);
    const twice = { clusterName: 'c', machineInventories: [{ name: 'a' }, { name: 'b' }, { name: 'a' }] };
    expect(await refusal(create(machineInventoryPools, 'twice', twice))).toContain('Duplicate value');
  });

  test('gives each host a name of its own, however many there are', async () => {
    const sharing = 'two members have one host name';
    const attempt = (name: string, machineInventories: object[]) =>
      create(machineInventoryPools, name, { clusterName: 'c', machineInventories });
    const same = [
      { name: 'hx12', hostname: 'same' },
      { name: 'hx13', hostname: 'same' },
    ];
    const refused = await refusal(attempt('same', same));
    expect(refused).toContain(sharing);
    expect(refused).toContain('key same already exists');
    const inventoryName = [{ name: 'a' }, { name: 'b', hostname: 'a' }];
    expect(await refusal(attempt('inventory', inventoryName))).toContain(sharing);
    await attempt('crosswise', [
      { name: 'a', hostname: 'b' },
      { name: 'b', hostname: 'a' },
    ]);
    // The largest pool there can be, with the longest names, is within what the API server lets a rule cost.
    const hostname = (index: number) => `${index}`.padStart(63, 'x');
    const many = Array.from({ length: 10_000 }, (_, index) => ({ name: `host-${index}`, hostname: hostname(index) }));
    await attempt('many', many);
    expect(await refusal(attempt('many-less-one', many.with(-1, { name: 'last', hostname: hostname(7) })))).toContain(
      sharing,
    );
  });

  describe('that asks hosts to pass checks', () => {
    const attempt = (name: string, ...checks: object[]) =>
      create(machineInventoryPools, name, { clusterName: 'c', acceptance: { checks } });

    test('gives what is not said', async () => {
      const pool = await attempt(
        'checked',
        { name: 'disk', disk: {} },
        { name: 'links', nic: { minSpeedMbps: 10_000 } },
        { name: 'own', script: { content: 'true' } },
      );
      expect(pool.spec.acceptance?.checks).toEqual([
        { name: 'disk', disk: { minCount: 1 } },
        { name: 'links', nic: { minLinks: 1, minSpeedMbps: 10_000 } },
        { name: 'own', script: { content: 'true', timeoutSeconds: 60 } },
      ]);
    });

    test('takes as many and as long ones as it says', async () => {
      const content = 'x'.repeat(8_192);
      const many = Array.from({ length: 16 }, (_, index) => ({ name: `own-${index}`, script: { content } }));
      await attempt('longest', ...many);
      expect(await refusal(attempt('too-many', ...many, { name: 'one-more', cpu: { minThreads: 1 } }))).toContain(
        'spec.acceptance.checks',
      );
    });

    test.each<[string, object[], string]>([
      ['nothing', [{ name: 'a' }], 'set exactly one of disk, memory'],
      ['two things', [{ name: 'a', disk: {}, memory: { minGiB: 1 } }], 'set exactly one of'],
      ['one name twice', [1, 2].map((minThreads) => ({ name: 'a', cpu: { minThreads } })), 'Duplicate value'],
      ['no os', [{ name: 'a', os: {} }], 'os asks for nothing'],
      ['no version', [{ name: 'a', agent: { minVersion: 'latest' } }], 'agent.minVersion'],
      ['a hostile name', [{ name: '../a', cpu: { minThreads: 1 } }], 'checks[0].name'],
      ['a long wait', [{ name: 'a', script: { content: 'true', timeoutSeconds: 601 } }], 'timeoutSeconds'],
      ['a long script', [{ name: 'a', script: { content: 'x'.repeat(8_193) } }], 'script.content'],
    ])('refuses %s', async (_, checks, words) => {
      expect(await refusal(attempt('wrong', ...checks))).toContain(words);
    });
  });

  test.each(['Upper', 'under_score', '-dash', 'a b', 'x\ny', '$(reboot)', 'a'.repeat(254)])(
    'refuses the host name %j',
    async (hostname) => {
      const spec = { clusterName: 'c', machineInventories: [{ name: 'a', hostname }] };
      expect(await refusal(create(machineInventoryPools, 'bad', spec))).toContain(
        'spec.machineInventories[0].hostname',
      );
    },
  );
});

describe('a BaremetalCluster', () => {
  const endpoint = { host: '192.0.2.10', port: 6443 };

  test('keeps its endpoint', async () => {
    await create(baremetalClusters, 'endpoint', { controlPlaneEndpoint: endpoint });
    const message = 'controlPlaneEndpoint never changes once set';
    const moved = change(baremetalClusters, 'endpoint', { controlPlaneEndpoint: { ...endpoint, port: 443 } });
    expect(await refusal(moved)).toContain(message);
    expect(await refusal(change(baremetalClusters, 'endpoint', { controlPlaneEndpoint: null }))).toContain(message);
  });

  test('asks for a vrid with an Internal load balancer, which is the default', async () => {
    const bare = create(baremetalClusters, 'vrid', { controlPlaneLoadBalancer: endpoint });
    expect(await refusal(bare)).toContain('vrid is required for an Internal load balancer');
    const large = create(baremetalClusters, 'vrid', { controlPlaneLoadBalancer: { ...endpoint, vrid: 256 } });
    expect(await refusal(large)).toContain('vrid');
    await create(baremetalClusters, 'vrid', { controlPlaneLoadBalancer: { ...endpoint, vrid: 0 } });
    await create(baremetalClusters, 'external', { controlPlaneLoadBalancer: { ...endpoint, type: 'External' } });
  });
});
