import { expect } from 'vitest';
import { annotations, API_GROUP_VERSION } from '../../api/constants.ts';
import { baremetalMachines } from '../../api/resources.ts';
import { readAuditEvents } from '../../dev/stack/audit.ts';
import { readTable } from '../support/kube-raw.ts';
import { readEvents, untilEvent } from '../support/object-events.ts';
import { fetchHistory, type Site, summarise } from '../support/site.ts';
import { recordObjects } from '../support/object-recorder.ts';
import { beside, siteTest } from '../support/site-test.ts';
import { useStack } from '../support/stack.ts';
import { waitFor } from '../support/wait-for.ts';

// In an order unlike their names.
const hosts = ['h4', 'h1', 'h5', 'h2', 'h3'];

const recordMachines = beside((site) => recordObjects(site, baremetalMachines));
const test = siteTest('main', { hosts, replicas: 3 }).extend('shown', { scope: 'file', auto: true }, recordMachines);
/** Every machine that was seen, for what is asked of the whole of their lives. */
const seen = new Map<string, { metadata: { namespace: string; name: string; uid: string } }>();

async function remember(site: Site): Promise<void> {
  for (const machine of await site.machines()) seen.set(machine.metadata.uid, machine);
}

test('three workers come up on the first three hosts of the pool', async ({ site }) => {
  await site.deploy();
  await site.untilRunning(3);
  await remember(site);
  const machines = await site.machines();
  expect(new Set(machines.map(({ status }) => status?.machineInventoryRef?.name))).toEqual(new Set(hosts.slice(0, 3)));
  for (const { spec, status } of machines) {
    const name = status?.machineInventoryRef?.name;
    expect(spec.providerID).toBe(`baremetal:///${name}`);
    expect(status).toMatchObject({ phase: 'Running', ready: true, initialization: { provisioned: true } });
    expect(status?.addresses).toContainEqual({ type: 'Hostname', address: name });
    expect(site.host(name ?? '').node).toMatchObject({ providerId: spec.providerID, running: true });
  }
  await waitFor(
    'the pool counts them',
    async () => {
      const { status } = await site.pool();
      return status?.allocated === 3 && status.available === 2 && status.total === 5;
    },
    async () => (await site.pool()).status,
  );
});

test('a machine says nothing that holds for a moment only: each word of Ready is a write to its Machine', ({
  shown,
}) => {
  const words = shown.seen.flatMap(({ status }) =>
    (status?.conditions ?? []).flatMap(({ type, message }) => (type === 'Ready' ? [message] : [])),
  );
  expect(words).toContain('');
  expect(words.some((word) => word.includes('to apply the reprovision plan'))).toBe(true);
  expect(words.filter((word) => word.includes('no step is blocked'))).toEqual([]);
});

test('kubectl get shows them, their pool and their cluster in all columns', async ({ site }) => {
  const folder = `/apis/${API_GROUP_VERSION}/namespaces/${site.namespace}`;
  const Cluster = 'demo';
  const running = (await site.machines()).map(({ metadata, status }) => {
    const Inventory = status?.machineInventoryRef?.name;
    const state = { Phase: 'Running', Ready: 'True', Reason: 'Ready' };
    return { Name: metadata.name, Cluster, Pool: 'workers', Inventory, ...state };
  });
  expect(await readAgelessRows(`${folder}/baremetalmachines`)).toEqual(running);
  const counters = { Total: 5, Available: 2, Allocated: 3, Preparing: 0, Reprovisioning: 0, Unavailable: 0 };
  expect(await readAgelessRows(`${folder}/machineinventorypools`)).toEqual([{ Name: 'workers', Cluster, ...counters }]);
  const cluster = { Name: Cluster, Endpoint: '192.0.2.10:6443', Ready: 'True' };
  expect(await readAgelessRows(`${folder}/baremetalclusters`)).toEqual([cluster]);
});

/** What `kubectl get` prints, without the age, which is a time in any case. */
async function readAgelessRows(path: string) {
  const { rows } = await readTable(path);
  return rows.map(({ Age, ...cells }) => {
    expect(Age).toMatch(/^(\d+[smh])+$/);
    return cells;
  });
}

test('at most 13 API writes of ours for each machine on its way to Running', async ({ site }) => {
  const ours = await readAuditEvents(
    useStack().auditLogPath,
    ({ user, objectRef, responseStatus }) =>
      ['ironloom-worker', 'ironloom-bridge'].includes(user.username) &&
      objectRef?.namespace === site.namespace &&
      // A conflict writes nothing, and how many there are depends on what Cluster API and the host write at that moment.
      responseStatus?.code !== 409,
  );
  const machines = await site.machines();
  for (const { metadata, status } of machines) {
    const names = [metadata.name, status?.machineInventoryRef?.name];
    // The bridge's one write to an inventory makes it a member of its pool: that is the host's way, not the machine's.
    const writes = ours
      .filter(({ objectRef }) => objectRef?.resource !== 'events' && names.includes(objectRef?.name))
      .filter(
        ({ objectRef, user }) => objectRef?.resource !== 'machineinventories' || user.username === 'ironloom-worker',
      )
      .map(({ verb, objectRef }) => `${verb} ${objectRef?.resource}/${objectRef?.subresource ?? ''}`);
    // The last write to the object itself is its providerID, and the status after it says Running.
    const untilRunning = writes.slice(0, writes.lastIndexOf('patch baremetalmachines/') + 2);
    expect(untilRunning.at(-1)).toBe('patch baremetalmachines/status');
    expect(untilRunning.length, untilRunning.join('\n')).toBeLessThanOrEqual(13);
  }
});

test('two more on the last two hosts', async ({ site }) => {
  await site.scale(5);
  await site.untilRunning(5);
  await remember(site);
  expect(new Set((await site.machines()).map(({ status }) => status?.machineInventoryRef?.name))).toEqual(
    new Set(hosts),
  );
});

test('four go, and their hosts are clean and available again', async ({ site }) => {
  await site.scale(1);
  await site.untilRunning(1);
  const released = await waitFor(
    'four hosts are available',
    async () => {
      const { status } = await site.pool();
      const inventories = await site.inventories();
      const free = inventories.filter(({ metadata }) => metadata.annotations[annotations.ownerUid] === undefined);
      return free.length === 4 && status?.available === 4 && status.allocated === 1 && free;
    },
    async () => ({ pool: (await site.pool()).status, machines: await summarise(site) }),
  );
  for (const { metadata } of released) {
    expect(metadata.annotations).toMatchObject({
      [annotations.allocationState]: 'Available',
      [annotations.pool]: 'workers',
    });
    const left = Object.keys(metadata.annotations).filter((name) => name.includes('/owner-'));
    expect(left).toEqual([]);
    const host = site.host(metadata.name);
    expect(host.node?.running ?? false).toBe(false);
    expect(host.plansReceived.map(({ type }) => type)).toEqual([undefined, 'reprovision', 'clean']);
  }
});

test('the runs of the machines that went are completed, in at most 90 events', async ({ site }) => {
  const alive = new Set((await site.machines()).map(({ metadata }) => metadata.uid));
  const gone = [...seen.values()].filter(({ metadata }) => !alive.has(metadata.uid));
  expect(gone).toHaveLength(4);
  for (const machine of gone) {
    const events = await fetchHistory(site, machine);
    expect(events.at(-1)?.workflowExecutionCompletedEventAttributes).toBeDefined();
    expect(events.length).toBeLessThanOrEqual(90);
  }
});

test('Events told the start and the result of each of their steps, once', async ({ site }) => {
  const alive = new Set((await site.machines()).map(({ metadata }) => metadata.uid));
  for (const { metadata } of [...seen.values()].filter((machine) => !alive.has(machine.metadata.uid))) {
    await untilEvent(site, metadata.name, 'Released');
    const told = await readEvents(site, metadata.name);
    const ours = told.filter(({ involvedObject }) => involvedObject.kind === 'BaremetalMachine');
    expect(ours.filter(({ type }) => type !== 'Normal')).toEqual([]);
    const reasons = ours.map(({ reason }) => reason);
    expect(reasons).toEqual(
      expect.arrayContaining(['Allocated', 'Reprovisioning', 'Running', 'NodeJoined', 'Preparing', 'Released']),
    );
    const lines = ours.map(({ reason, message }) => `${reason}: ${message}`);
    expect(lines).toEqual([...new Set(lines)]);
  }
});
