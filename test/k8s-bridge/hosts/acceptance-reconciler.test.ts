import { describe, expect, it } from 'vitest';
import { annotations } from '../../../api/constants.ts';
import { capiClusters, machineInventories, secrets } from '../../../api/resources.ts';
import { readAcceptance } from '../../../domain/inputs/host-acceptance.ts';
import { readHostNotes } from '../../../domain/inputs/host-notes.ts';
import { type CapiClusterView, viewCapiCluster } from '../../../domain/inputs/capi-view.ts';
import { type HostView, viewHost } from '../../../domain/inputs/host-view.ts';
import type { MachineView } from '../../../domain/inputs/machine-view.ts';
import { type PoolView, wantChecks } from '../../../domain/inputs/pool-view.ts';
import { encodeOutput } from '../../../domain/plan/host-output.ts';
import { type PlanSecretView, viewPlanSecret } from '../../../domain/plan/secret.ts';
import { type AcceptanceDeps, reconcileAcceptance } from '../../../k8s-bridge/hosts/acceptance-reconciler.ts';
import { CONFLICT_REQUEUE_MS } from '../../../k8s-bridge/reconcile/ports.ts';
import { RetryPauses } from '../../../k8s-bridge/reconcile/retry-pauses.ts';
import { createFakeObjects, createMemoryStore } from '../../support/fake-objects.ts';
import { hostLabels } from '../../support/host-labels.ts';
import { silentLogger } from '../bridge-fixtures.ts';

const host = { namespace: 'demo', name: 'h1' };
const secretKey = { namespace: 'demo', name: 'h1-plan' };
const base64 = (text: string): string => Buffer.from(text).toString('base64');
const line = (name: string, verdict: string) => `ironloom-check\t${name}\t${verdict}\t32 threads\tless than 64\n`;

function createWorld() {
  const objects = createFakeObjects();
  const hosts = createMemoryStore<HostView>();
  const planSecrets = createMemoryStore<PlanSecretView>();
  const pools = createMemoryStore<PoolView>();
  const machines = createMemoryStore<MachineView>();
  const clusters = createMemoryStore<CapiClusterView>();
  const told: string[] = [];
  const named: object[] = [];
  let now = new Date('2026-01-01T00:00:00Z');
  pools.upsert({
    namespace: 'demo',
    name: 'workers',
    uid: 'p',
    resourceVersion: '1',
    generation: 1,
    creationTimestamp: '2026-01-01T00:00:00Z',
    deleting: false,
    clusterName: 'c',
    forControlPlanes: false,
    members: [{ name: 'h1' }],
    memberNames: new Set(['h1']),
    maxConcurrentReprovisions: undefined,
    slots: undefined,
    acceptance: wantChecks([{ name: 'cpu', cpu: { minThreads: 64 } }]),
    counters: {},
    conditions: [],
  });
  const create: AcceptanceDeps['client']['create'] = async (resource, body) => {
    told.push(`${'reason' in body ? String(body.reason) : ''}: ${'message' in body ? String(body.message) : ''}`);
    return resource.schema.parse(body);
  };
  const client: AcceptanceDeps['client'] = {
    patch: objects.patch.bind(objects),
    create,
    find: async (resource, key) => objects.find(resource, key),
    list: async () => ({ items: named, resourceVersion: '1', continueToken: undefined }),
  };
  const deps: AcceptanceDeps = {
    client,
    hosts,
    pools,
    planSecrets,
    machines,
    capiClusters: clusters,
    reader: { failure: async () => ({ message: 'the script says nothing' }), lastFailure: async () => ({}) },
    hostLabels,
    deadlineMs: 60_000,
    pauses: new RetryPauses(),
    logger: silentLogger,
    now: () => now,
  };
  objects.put(machineInventories, {
    metadata: {
      ...host,
      uid: 'h-uid',
      annotations: { [annotations.pool]: 'workers', [annotations.allocationState]: 'Available' },
    },
    spec: {},
    status: { plan: { secretRef: secretKey }, conditions: [{ type: 'Ready', status: 'True' }] },
  });
  objects.put(secrets, {
    metadata: { ...secretKey, uid: 'ps' },
    type: 'elemental.cattle.io/plan',
    data: { plan: base64('{}') },
  });
  const world = {
    told,
    objects,
    clusters,
    named,
    /** The informers have seen what stands there. */
    catchUp(): void {
      hosts.upsert(viewHost(objects.read(machineInventories, host), hostLabels));
      planSecrets.upsert(viewPlanSecret(objects.read(secrets, secretKey)));
    },
    look: () => reconcileAcceptance('demo/h1', deps),
    seeAndLook() {
      world.catchUp();
      return world.look();
    },
    pass: (ms: number) => void (now = new Date(now.getTime() + ms)),
    notes: () => objects.read(machineInventories, host).metadata.annotations,
    /** What is to be journalled. */
    journaled: () =>
      readHostNotes(viewHost(objects.read(machineInventories, host), hostLabels), now).map(
        ({ from, to, cause, reason = '', attempt }) => `${from} ${to} ${cause} ${reason} ${attempt}`,
      ),
    acceptance: () => readAcceptance(objects.read(machineInventories, host).metadata.annotations),
    secret: () => objects.read(secrets, secretKey),
    annotate: (changed: Record<string, string | null>) =>
      objects.patch(machineInventories, host, { metadata: { annotations: changed } }),
    answer(outcome: 'applied' | 'failed', output: string) {
      const checksum = world.notes()[annotations.hostPlanChecksum] ?? '';
      const data = { [`${outcome}-checksum`]: base64(checksum), [`${outcome}-output`]: encodeOutput(output) };
      const counted = outcome === 'failed' ? { 'failure-count': base64('1') } : {};
      return objects.patch(secrets, secretKey, { data: { ...data, ...counted } });
    },
  };
  world.catchUp();
  return world;
}

describe('a host of a pool that asks for checks', () => {
  it('is taken out of allocation, and then gets the plan', async () => {
    const world = createWorld();
    await world.look();
    const id = 'validate-1-h-uid.ps';
    expect(world.objects.writes.map(({ resource }) => resource)).toEqual(['machineinventories', 'secrets']);
    expect(world.notes()).toMatchObject({
      [annotations.acceptance]: 'Validating',
      [annotations.allocationState]: 'Unavailable',
      [annotations.hostPlanAttempt]: id,
    });
    expect(viewPlanSecret(world.secret())).toMatchObject({
      planAttempt: id,
      planType: 'validate',
      planChecksum: world.notes()[annotations.hostPlanChecksum],
      maxFailures: 1,
    });
    expect((await world.seeAndLook()).requeueAfterMs).toBeGreaterThan(60_000);
    expect(world.objects.writes).toHaveLength(2);
  });

  it('that was claimed a moment ago stays as it is', async () => {
    const world = createWorld();
    await world.annotate({ [annotations.ownerUid]: 'm-uid', [annotations.allocationState]: 'Allocated' });
    const before = world.objects.writes.length;
    await world.look();
    expect(world.objects.writes).toHaveLength(before);
  });

  it('that is claimed while it is being marked gets no plan', async () => {
    const world = createWorld();
    world.objects.refuse('h1', 409);
    expect(await world.look()).toEqual({ requeueAfterMs: CONFLICT_REQUEUE_MS });
    expect(viewPlanSecret(world.secret()).planAttempt).toBeUndefined();
  });

  it.each(['cache', 'API server'])('of a Cluster that is paused, as the %s says, stays as it is', async (who) => {
    const world = createWorld();
    const infrastructureRef = { apiGroup: 'infrastructure.cluster.x-k8s.io', kind: 'BaremetalCluster', name: 'c' };
    const cluster = (paused: boolean) =>
      world.objects.put(capiClusters, {
        metadata: { namespace: 'demo', name: 'c', uid: 'c' },
        spec: { paused, infrastructureRef },
      });
    const known = viewCapiCluster(cluster(true));
    world.clusters.upsert({ ...known, paused: who === 'cache' });
    await world.look();
    expect(world.objects.writes).toEqual([]);
    world.clusters.upsert(viewCapiCluster(cluster(false)));
    await world.look();
    expect(world.objects.writes).toHaveLength(2);
  });

  it('that a machine names, as the API server says, stays as it is', async () => {
    const world = createWorld();
    world.named.push({
      apiVersion: 'infrastructure.cluster.x-k8s.io/v1beta1',
      kind: 'BaremetalMachine',
      metadata: { namespace: 'demo', name: 'm', uid: 'm' },
      spec: { machineInventoryPoolRef: { name: 'workers' }, providerID: 'baremetal:///h1' },
    });
    await world.look();
    expect(world.objects.writes).toEqual([]);
  });

  it('that was marked by a bridge which died gets the plan of that attempt', async () => {
    const world = createWorld();
    world.objects.refuse('h1-plan', 409);
    await world.look();
    expect(world.acceptance()).toMatchObject({ state: 'Validating', attempt: 'validate-1-h-uid.ps' });
    world.objects.refuse('h1-plan', undefined);
    await world.seeAndLook();
    expect(viewPlanSecret(world.secret()).planAttempt).toBe('validate-1-h-uid.ps');
    expect(world.acceptance()?.attempt).toBe('validate-1-h-uid.ps');
    expect(world.journaled()).toHaveLength(1);
  });

  it('that passes is free, and nothing of the plan binds the next one', async () => {
    const world = createWorld();
    await world.look();
    await world.answer('applied', line('cpu', 'pass'));
    await world.seeAndLook();
    expect(world.acceptance()).toMatchObject({
      state: 'Accepted',
      results: { checks: [{ name: 'cpu', passed: true, measured: '32 threads', message: 'less than 64' }] },
    });
    expect(world.notes()[annotations.allocationState]).toBe('Available');
    expect(world.notes()[annotations.hostPlanAttempt]).toBeUndefined();
    expect(world.secret().data['max-failures']).toBeUndefined();
    expect(await world.seeAndLook()).toEqual({});
    expect(world.told.map((text) => text.split(':')[0])).toEqual(['Validating', 'Accepted']);
    expect(world.journaled()).toEqual(['Available Validating Step  1', 'Validating Available HostAnswered  1']);
  });

  it('that passed and is to be looked at again gets an attempt that it has never seen', async () => {
    const world = createWorld();
    await world.look();
    await world.answer('applied', '');
    await world.seeAndLook();
    // A machine had it since.
    await world.objects.patch(secrets, secretKey, { data: { plan: base64('{}') } });
    await world.annotate({ [annotations.failedReprovision]: 'reprovision-1-m.ps' });
    await world.seeAndLook();
    expect(world.acceptance()).toMatchObject({
      state: 'Validating',
      attempt: 'validate-2-h-uid.ps',
      after: 'reprovision-1-m.ps',
    });
  });

  it('that fails is kept out, and says why in names only', async () => {
    const world = createWorld();
    await world.look();
    await world.answer('failed', line('cpu', 'fail'));
    await world.seeAndLook();
    expect(world.acceptance()).toMatchObject({
      state: 'NotAccepted',
      results: { checks: [{ name: 'cpu', passed: false }] },
    });
    expect(world.notes()[annotations.allocationState]).toBe('Unavailable');
    expect(world.told.at(-1)).toMatch(/^NotAccepted: .*: cpu\. /);
    expect(world.told.at(-1)).not.toContain('less than 64');
    expect(world.journaled().at(-1)).toBe('Validating NotAccepted HostAnswered ChecksFailed 1');
    expect(world.notes()[annotations.journal]).not.toContain('less than 64');
    expect(await world.seeAndLook()).toEqual({});
  });

  it.each([
    ['that says nothing of its checks', 'rubbish'],
    ['whose words are not ours', line('../x', 'fail')],
  ])('%s is told by what its script ended with', async (_, output) => {
    const world = createWorld();
    await world.look();
    await world.answer('failed', output);
    await world.seeAndLook();
    expect(world.acceptance()?.results).toEqual({ problem: 'the script says nothing', checks: [] });
  });

  it('that is silent is told after the deadline, and passes all the same', async () => {
    const world = createWorld();
    await world.look();
    expect((await world.seeAndLook()).requeueAfterMs).toBeGreaterThan(60_000);
    world.pass(600_000);
    await world.look();
    expect(world.acceptance()).toMatchObject({ state: 'NotAccepted', results: { timedOut: true } });
    expect(await world.seeAndLook()).toEqual({});
    await world.answer('applied', line('cpu', 'pass'));
    await world.seeAndLook();
    expect(world.acceptance()?.state).toBe('Accepted');
    expect(world.journaled().slice(1)).toEqual([
      'Validating NotAccepted DeadlinePassed ChecksTimedOut 1',
      'NotAccepted Available HostAnswered  1',
    ]);
  });

  it('that refuses the mark is tried again, and says so', async () => {
    const world = createWorld();
    world.objects.refuse('h1', 403);
    expect(await world.look()).toEqual({ requeueAfterMs: 1_000 });
    expect(await world.look()).toEqual({ requeueAfterMs: 2_000 });
    expect(world.told[0]).toMatch(/^WriteRefused: The checks of its pool wait, for the API server refuses/);
    expect(viewPlanSecret(world.secret()).planAttempt).toBeUndefined();
  });
});
