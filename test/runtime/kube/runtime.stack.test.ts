import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { configMaps, objectMetaOnlySchema, secrets } from '../../../api/resources.ts';
import { type ManagementCluster, startManagementCluster } from '../../../dev/stack/management-cluster.ts';
import { createLeaderElection } from '../../../k8s-bridge/leader/lease.ts';
import { leases } from '../../../k8s-bridge/leader/lease-record.ts';
import { parseEnv, type TemporalEnv } from '../../../runtime/env.ts';
import { createInformer } from '../../../runtime/kube/cache/informer.ts';
import { createKubeClient, isAlreadyExists, isConflict, type KubeClient } from '../../../runtime/kube/client.ts';
import { connectTemporal } from '../../../runtime/temporal/connection.ts';
import { ensureSearchAttributes } from '../../../runtime/temporal/search-attributes.ts';
import { connectTemporalWorker } from '../../../runtime/temporal/worker.ts';
import { waitForKubernetes } from '../../../runtime/kube/wait-until-ready.ts';
import { waitFor } from '../../support/wait-for.ts';
import { silentLogger } from './fake-api-server.ts';

// A cluster of its own: its API server and its Temporal get killed.
let cluster: ManagementCluster;
let client: KubeClient;
const signal = new AbortController().signal;
const namespace = 'default';

beforeAll(async () => {
  cluster = await startManagementCluster({ components: { controllerManager: false, capi: false } });
  client = createKubeClient({ kubeconfigPath: cluster.kubeconfigs.admin, userAgent: 'runtime-test' });
  await waitForKubernetes(client, signal, silentLogger);
});
afterAll(async () => {
  await client.close();
  await cluster.stop();
});

const createMap = (name: string, labels: Record<string, string> = {}) =>
  client.create(configMaps, { metadata: { namespace, name, labels }, data: { secret: 'not kept' } });

const projectMeta = (raw: unknown) => {
  const { namespace: at, name, uid, resourceVersion } = objectMetaOnlySchema.parse(raw).metadata;
  return { namespace: at, name, uid, resourceVersion };
};

it('is refused as the API server refuses', async () => {
  const { metadata } = await createMap('once');
  await expect(createMap('once')).rejects.toSatisfy(isAlreadyExists);
  const stale = { metadata: { resourceVersion: '1' }, data: { a: '1' } };
  await expect(client.patch(configMaps, metadata, stale)).rejects.toSatisfy(isConflict);
  const preconditions = { uid: randomUUID() };
  await expect(client.delete(configMaps, metadata, { preconditions })).rejects.toSatisfy(isConflict);
  const { uid } = metadata;
  await client.delete(configMaps, metadata, { preconditions: { uid } });
  expect(await client.find(configMaps, metadata)).toBeUndefined();
});

it('takes only an object for missing that the API server names', async () => {
  const key = { namespace, name: 'nowhere' };
  expect(await client.find(configMaps, key)).toBeUndefined();
  expect(await client.find(configMaps, { namespace: 'no-such-namespace', name: 'nowhere' })).toBeUndefined();
  const unserved = [
    { ...configMaps, plural: 'bogus' },
    { ...configMaps, group: 'bogus.example.org' },
  ];
  for (const resource of unserved) await expect(client.find(resource, key)).rejects.toMatchObject({ code: 404 });
});

it('never shows the value of a Secret that the API server refuses', async () => {
  const body = { metadata: { namespace, name: 'bad' }, data: { value: 'hunter2 is no base64' } };
  const error: unknown = await client.create(secrets, body).catch((refusal: unknown) => refusal);
  expect(error).toMatchObject({ name: 'KubeApiError', code: 400 });
  expect(String(error)).not.toContain('hunter2');
});

it('follows a kind through the death of the API server', async () => {
  const labels = { test: 'informer' };
  for (let index = 0; index < 20; index++) await createMap(`map-${index}`, labels);
  const informer = createInformer({
    client,
    resource: configMaps,
    namespace,
    labelSelector: 'test=informer',
    metadataOnly: true,
    project: projectMeta,
    logger: silentLogger,
    pageSize: 7,
    reconnect: { initialMs: 50, maxMs: 500 },
  });
  const changes: string[] = [];
  informer.start();
  await informer.synced;
  expect(informer.stats()).toMatchObject({ items: 20, invalid: 0, lists: 1 });
  informer.onChange(({ name }, current, previous) => {
    changes.push(`${name} ${previous === undefined ? 'new' : current === undefined ? 'gone' : 'changed'}`);
  });
  changes.length = 0;

  await client.patch(configMaps, { namespace, name: 'map-0' }, { data: { changed: 'yes' } });
  await client.delete(configMaps, { namespace, name: 'map-1' });
  await waitFor(
    'two changes',
    () => changes.length === 2,
    () => changes,
  );
  await cluster.killProcess('kube-apiserver');
  await waitFor('a lost connection', () => informer.stats().failures > 0);
  await cluster.restartProcess('kube-apiserver');
  await waitForKubernetes(client, signal, silentLogger);
  await createMap('map-20', labels);
  await waitFor(
    'the change after the restart',
    () => changes.length === 3,
    () => [changes, informer.stats()],
  );
  expect(changes).toEqual(['map-0 changed', 'map-1 gone', 'map-20 new']);
  expect(informer.store.size()).toBe(20);
  await informer.stop();
});

it('leads by a real Lease, hands over, and stops leading without the API server', async () => {
  const leading = new Set<string>();
  const create = (identity: string) =>
    createLeaderElection({
      client,
      namespace,
      name: 'bridge',
      identity,
      logger: silentLogger,
      leaseDurationMs: 3000,
      renewDeadlineMs: 2000,
      retryPeriodMs: 200,
      onStartedLeading: () => void leading.add(identity),
      onStoppedLeading: () => void leading.delete(identity),
    });
  const [first, second] = [create('first'), create('second')];
  first.start();
  await waitFor('the first leader', () => first.isLeader());
  second.start();
  await first.stop();
  await waitFor('the second leader', () => second.isLeader());
  expect([...leading]).toEqual(['second']);
  const { spec } = await client.get(leases, { namespace, name: 'bridge' });
  expect(spec).toMatchObject({ holderIdentity: 'second', leaseDurationSeconds: 3, leaseTransitions: 1 });

  await cluster.killProcess('kube-apiserver');
  await waitFor('the end of leading', () => leading.size === 0 && !second.isLeader());
  await cluster.restartProcess('kube-apiserver');
  await waitFor('leading again', () => second.isLeader());
  await second.stop();
  expect((await client.get(leases, { namespace, name: 'bridge' })).spec.holderIdentity).toBe('');
});

it('connects to Temporal whenever it comes, as client and as worker', async () => {
  const env = temporalEnv();
  await cluster.killProcess('temporal');
  const connecting = [connectTemporal(env, silentLogger, signal), connectTemporalWorker(env, silentLogger, signal)];
  await cluster.restartProcess('temporal');
  const connections = await Promise.all(connecting);
  for (const connection of connections) {
    const name = `Ironloom${randomUUID().slice(0, 8)}`;
    const ensure = () => ensureSearchAttributes(connection, env.namespace, [name]);
    expect(await ensure()).toMatchObject({ added: [name], problem: undefined });
    expect(await ensure()).toMatchObject({ added: [], problem: undefined });
    await connection.close();
  }
});

function temporalEnv(): TemporalEnv {
  const { address, namespace: temporalNamespace } = cluster.temporal;
  const result = parseEnv({
    TEMPORAL_ADDRESS: address,
    TEMPORAL_NAMESPACE: temporalNamespace,
    TEMPORAL_CONFIG_FILE: '/nonexistent/temporal.toml',
  });
  if (!result.ok) throw new Error(result.problems.join('\n'));
  return result.env.temporal;
}
