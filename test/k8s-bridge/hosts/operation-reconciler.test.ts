import { hostLabels } from '../../support/host-labels.ts';
import { beforeEach, describe, expect, it } from 'vitest';
import { annotations } from '../../../api/constants.ts';
import type { Secret } from '../../../api/core.ts';
import { machineInventories, secrets } from '../../../api/resources.ts';
import { readHostNotes } from '../../../domain/inputs/host-notes.ts';
import { type HostView, viewHost } from '../../../domain/inputs/host-view.ts';
import type { PoolView } from '../../../domain/inputs/pool-view.ts';
import { attemptId } from '../../../domain/plan/attempt.ts';
import { renderPlan } from '../../../domain/plan/document.ts';
import { type PlanSecretView, viewPlanSecret } from '../../../domain/plan/secret.ts';
import { type HostOperationDeps, reconcileHostOperation } from '../../../k8s-bridge/hosts/operation-reconciler.ts';
import { RetryPauses } from '../../../k8s-bridge/reconcile/retry-pauses.ts';
import { createFakeObjects, createMemoryStore } from '../../support/fake-objects.ts';
import { MemoryRuns, silentLogger } from '../bridge-fixtures.ts';

const planOf = (planType: 'clean' | 'reprovision') => {
  const id = attemptId({ uid: 'uid-1', planType, attempt: 1 });
  return { id, ...renderPlan({ attemptId: id, planType, script: 'true', files: [] }) };
};
const clean = planOf('clean');
const reprovision = planOf('reprovision');
const base64 = (text: string): string => Buffer.from(text).toString('base64');

interface Told {
  reason: string;
  message: string;
}

const NOW_MS = Date.parse('2026-07-01T00:00:00Z');
const host = { namespace: 'demo', name: 'h1' };
const secretKey = { namespace: 'demo', name: 'h1-plan' };

function createWorld() {
  const objects = createFakeObjects();
  const hosts = createMemoryStore<HostView>();
  const planSecrets = createMemoryStore<PlanSecretView>();
  const runs = new MemoryRuns();
  const told: Told[] = [];
  const kept: string[] = [];
  const counted: string[] = [];
  const pauses = new RetryPauses();
  const machines = new Map<string, object>();
  const create: HostOperationDeps['client']['create'] = async (resource, body) => {
    const { reason, message } = { reason: '', message: '', ...body };
    told.push({ reason, message });
    return resource.schema.parse(body);
  };
  const client: HostOperationDeps['client'] = {
    patch: objects.patch.bind(objects),
    create,
    find: async (resource, key) => {
      if (resource.kind !== 'BaremetalMachine') return objects.find(resource, key);
      const found = machines.get(key.name);
      return found && resource.schema.parse(found);
    },
    list: async (_resource, { fieldSelector } = {}) => {
      const named = [...machines.values()].filter(
        (machine) => `spec.providerID=${providerOf(machine)}` === fieldSelector,
      );
      return { items: named, resourceVersion: '1', continueToken: undefined };
    },
  };
  const reader = {
    lastFailure: async (secret: Secret) => {
      kept.push(secret.metadata.name);
      return { 'ironloom-last-failure': base64('kept') };
    },
  };
  return {
    told,
    kept,
    counted,
    runs,
    objects,
    addMachine(name: string, uid: string, providerID?: string): void {
      machines.set(name, {
        apiVersion: 'infrastructure.cluster.x-k8s.io/v1beta1',
        kind: 'BaremetalMachine',
        metadata: { namespace: 'demo', name, uid },
        spec: { machineInventoryPoolRef: { name: 'workers' }, providerID },
      });
    },
    /** The host with its annotations, beside those of a host that was let go by force. */
    putHost(notes: Record<string, string | undefined>): void {
      const all = {
        [annotations.allocationState]: 'Unavailable',
        [annotations.quarantine]: 'Released by force',
        [annotations.operation]: 'unquarantine',
        ...notes,
      };
      const standing = Object.fromEntries(Object.entries(all).filter(([, value]) => value !== undefined));
      const metadata = { ...host, uid: 'h-uid', annotations: standing };
      const status = { plan: { secretRef: secretKey } };
      hosts.upsert(viewHost(objects.put(machineInventories, { metadata, spec: {}, status }), hostLabels));
    },
    /** What stands in the host's plan Secret. */
    putSecret(data: Record<string, string>, changes: object = {}): void {
      const encoded = Object.fromEntries(Object.entries(data).map(([key, value]) => [key, base64(value)]));
      const metadata = { ...secretKey, uid: 'ps', annotations: {} };
      const type = 'elemental.cattle.io/plan';
      planSecrets.upsert(viewPlanSecret(objects.put(secrets, { metadata, type, data: encoded, ...changes })));
    },
    /** The informers have seen what was written. */
    catchUp(): void {
      hosts.upsert(viewHost(objects.read(machineInventories, host), hostLabels));
      planSecrets.upsert(viewPlanSecret(objects.read(secrets, secretKey)));
    },
    notes() {
      const { [annotations.journal]: _, ...notes } = objects.read(machineInventories, host).metadata.annotations;
      return notes;
    },
    /** What is to be journalled. */
    journaled: () => readHostNotes(viewHost(objects.read(machineInventories, host), hostLabels), new Date()),
    /** Somebody writes to the inventory, and no informer has seen it. */
    noteOwner: (notes: Record<string, string>) =>
      objects.patch(machineInventories, host, { metadata: { annotations: notes } }),
    async ask() {
      await this.reconcile();
      return this.notes();
    },
    reconcile() {
      return reconcileHostOperation('demo/h1', {
        hosts,
        planSecrets,
        pools: createMemoryStore<PoolView>(),
        client,
        reader,
        runs,
        hostLabels,
        pauses,
        countVerb: (verb, result) => void counted.push(`${verb} ${result}`),
        logger: silentLogger,
        now: () => new Date(NOW_MS),
      });
    },
    refuse: (code: number | undefined) => objects.refuse('h1', code),
    refuseSecret: (code: number | undefined) => objects.refuse('h1-plan', code),
  };
}

function providerOf(machine: object): string {
  const spec: unknown = 'spec' in machine ? machine.spec : undefined;
  return typeof spec === 'object' && spec !== null && 'providerID' in spec ? String(spec.providerID) : '';
}

const noted = ({ id, checksum }: typeof clean) => ({
  [annotations.hostPlanAttempt]: id,
  [annotations.hostPlanChecksum]: checksum,
});

let world: ReturnType<typeof createWorld>;
beforeEach(() => {
  world = createWorld();
});

describe('unquarantine', () => {
  it('lifts the quarantine of a host that has applied its clean plan', async () => {
    world.putHost(noted(clean));
    world.putSecret({ plan: clean.json, 'applied-checksum': clean.checksum });
    expect(await world.ask()).toEqual({ [annotations.allocationState]: 'Available' });
    expect(world.told).toMatchObject([{ reason: 'Unquarantined' }]);
  });

  it.each([403, 422])(
    'waits where the API server refuses (%i), says so, and asks less and less often',
    async (code) => {
      world.putHost({});
      world.refuse(code);
      expect(await world.reconcile()).toEqual({ requeueAfterMs: 1_000 });
      expect(await world.reconcile()).toEqual({ requeueAfterMs: 2_000 });
      expect(world.told[0]).toMatchObject({ reason: 'WriteRefused' });
      expect(world.told[0]?.message).toContain(`with ${code}`);
      world.putHost({ other: 'change' });
      expect(await world.reconcile()).toEqual({ requeueAfterMs: 1_000 });
      world.refuse(undefined);
      expect(await world.reconcile()).toEqual({});
      expect(world.told.at(-1)).toMatchObject({ reason: 'Unquarantined' });
    },
  );

  it('leaves other errors to the queue', async () => {
    world.putHost({});
    world.refuse(500);
    await expect(world.reconcile()).rejects.toThrow('refused with 500');
    expect(world.told).toEqual([]);
  });

  it('lifts one that somebody set by hand', async () => {
    world.putHost({});
    expect(await world.ask()).toEqual({ [annotations.allocationState]: 'Available' });
  });

  it('leaves the use of a host alone that a machine has', async () => {
    world.addMachine('m1', 'uid-1');
    const owner = { [annotations.ownerUid]: 'uid-1', [annotations.ownerBaremetalMachine]: 'm1' };
    const inUse = { ...owner, ...noted(reprovision), [annotations.allocationState]: 'Allocated' };
    world.putHost(inUse);
    expect(await world.ask()).toEqual(inUse);
    expect(world.told[0]?.message).toContain('keeps it');
  });

  it.each([
    ['has not answered', noted(clean), { plan: clean.json }, 'has not applied its clean plan yet'],
    [
      'failed',
      noted(clean),
      { plan: clean.json, 'failed-checksum': clean.checksum, 'failure-count': '1', 'max-failures': '1' },
      'The clean plan failed on the host',
    ],
    [
      'has applied another plan',
      noted(clean),
      { plan: reprovision.json, 'applied-checksum': reprovision.checksum },
      'The clean plan does not stand in the plan Secret',
    ],
    [
      'is recorded with another plan, which it has applied',
      noted(reprovision),
      { plan: reprovision.json, 'applied-checksum': reprovision.checksum },
      'No clean plan of ours is recorded',
    ],
    ['has lost its plan Secret', noted(clean), undefined, 'The plan Secret of the host is gone'],
  ])('waits while the host %s', async (_what, notes, data, message) => {
    world.putHost(notes);
    if (data !== undefined) world.putSecret(data);
    const after = await world.ask();
    expect(after[annotations.quarantine]).toBe('Released by force');
    expect(after[annotations.operation]).toBe('unquarantine');
    expect(world.told).toMatchObject([{ reason: 'UnquarantineWaiting' }]);
    expect(world.told[0]?.message).toContain(message);
  });
});

const owned = { [annotations.ownerUid]: 'uid-1', [annotations.ownerBaremetalMachine]: 'm1' };
const free = { [annotations.quarantine]: undefined, [annotations.allocationState]: 'Available' };
const quarantine = { [annotations.operation]: 'Quarantine: ada: new disk' };

describe('quarantine', () => {
  it('takes a free host out of allocation at once, and unquarantine lets it in again', async () => {
    world.putHost({ ...free, ...quarantine });
    expect(await world.ask()).toEqual({
      [annotations.quarantine]: 'ada: new disk',
      [annotations.allocationState]: 'Unavailable',
    });
    expect(world.told).toMatchObject([{ reason: 'Quarantined' }]);
    world.putHost({ ...world.notes(), [annotations.suspect]: 'it hung', [annotations.operation]: 'unquarantine' });
    expect(await world.ask()).toEqual({ [annotations.allocationState]: 'Available' });
    world.putHost({ ...world.notes(), [annotations.operation]: 'reboot' });
    await world.ask();
    await world.reconcile();
    expect(world.counted).toEqual(['quarantine accepted', 'unquarantine accepted', 'unknown refused']);
  });

  it('leaves a host to the machine that has it, and out of allocation after that', async () => {
    world.addMachine('m1', 'uid-1');
    const inUse = { ...owned, ...noted(reprovision), [annotations.allocationState]: 'Reprovisioning' };
    world.putHost({ ...free, ...inUse, ...quarantine });
    expect(await world.ask()).toEqual({ ...inUse, [annotations.quarantine]: 'ada: new disk' });
    expect(world.told[0]?.message).toContain('BaremetalMachine m1 keeps the host');
  });

  it.each([
    [
      'has a run that still gives it back',
      () => world.runs.open.set('machine/demo/m1/uid-1', { ...host, uid: 'uid-1' }),
    ],
    [
      'is named by the providerID of a machine that was moved here',
      () => world.addMachine('m1', 'uid-2', 'baremetal:///h1'),
    ],
  ])('writes no plan to a host that %s', async (_what, arrange) => {
    arrange();
    const used = { ...owned, ...noted(reprovision), [annotations.allocationState]: 'Allocated' };
    world.putHost({ ...free, ...used, ...quarantine });
    world.putSecret({ plan: reprovision.json, 'applied-checksum': reprovision.checksum });
    expect(await world.ask()).toEqual({ ...used, [annotations.quarantine]: 'ada: new disk' });
    expect(viewPlanSecret(world.objects.read(secrets, secretKey)).planAttempt).toBe(reprovision.id);
  });

  it('asks nothing of a host before Temporal says that no run has it', async () => {
    world.runs.outage = new Error('Temporal is away');
    world.putHost({ ...free, ...owned, ...quarantine, [annotations.allocationState]: 'Allocated' });
    await expect(world.reconcile()).rejects.toThrow('Temporal is away');
    expect(world.notes()).toMatchObject({ ...owned, ...quarantine });
  });

  it.each<[string, Record<string, string>]>([
    ['recorded for a machine that is gone', { ...owned, [annotations.allocationState]: 'Allocated' }],
    ['recorded for an older machine of that name', { ...owned, [annotations.ownerUid]: 'uid-0' }],
    ['in a state of use that nobody is recorded for', { [annotations.allocationState]: 'Reprovisioning' }],
    ['stranded and quarantined', { ...owned, [annotations.quarantine]: 'for repair' }],
  ])('takes the record from a host that is %s, has it cleaned, and unquarantine frees it', async (_what, notes) => {
    if (notes[annotations.ownerUid] === 'uid-0') world.addMachine('m1', 'uid-1');
    const lastGroup = { [annotations.lastGroup]: 'MachineDeployment/of-another-machine' };
    world.putHost({ ...free, ...noted(reprovision), ...lastGroup, ...notes, ...quarantine });
    const failed = { 'failed-checksum': reprovision.checksum, 'failure-count': '1', 'max-failures': '1' };
    world.putSecret({ plan: reprovision.json, ...failed });
    await world.reconcile();
    const left = viewPlanSecret(world.objects.read(secrets, secretKey));
    expect(left).toMatchObject({ planAttempt: 'clean-1-h-uid.ps', planType: 'clean', maxFailures: undefined });
    expect(world.kept).toEqual(['h1-plan']);
    expect(world.notes()).toEqual({
      [annotations.quarantine]: 'ada: new disk',
      [annotations.allocationState]: 'Unavailable',
      [annotations.hostPlanAttempt]: 'clean-1-h-uid.ps',
      [annotations.hostPlanChecksum]: left.planChecksum,
    });
    expect(world.told).toMatchObject([{ reason: 'Quarantined' }]);
    const actor = 'operation annotation';
    expect(world.journaled()).toMatchObject([{ at: NOW_MS, step: 'quarantine', to: 'Quarantined', actor }]);
    const uid = notes[annotations.ownerUid];
    expect(world.journaled()[0]?.machine).toEqual(uid && { name: 'm1', uid });

    world.putHost({ ...world.notes(), [annotations.operation]: 'unquarantine' });
    world.catchUp();
    await world.reconcile();
    expect(world.told.at(-1)).toMatchObject({ reason: 'UnquarantineWaiting' });
    const { data } = world.objects.read(secrets, secretKey);
    world.objects.put(secrets, {
      ...world.objects.read(secrets, secretKey),
      data: { ...data, 'applied-checksum': base64(left.planChecksum) },
    });
    world.catchUp();
    expect(await world.ask()).toEqual({ [annotations.allocationState]: 'Available' });
  });

  it('goes on where it was killed between its writes, and writes one plan', async () => {
    world.putHost({ ...free, ...owned, ...noted(clean), ...quarantine });
    world.putSecret({ plan: clean.json, 'applied-checksum': clean.checksum });
    world.refuseSecret(500);
    await expect(world.reconcile()).rejects.toThrow('500');
    expect(world.notes()).toMatchObject({ ...quarantine, [annotations.hostPlanAttempt]: 'clean-1-h-uid.ps' });
    expect(world.told).toEqual([]);
    world.refuseSecret(undefined);
    world.refuse(500);
    world.catchUp();
    await expect(world.reconcile()).rejects.toThrow('500');
    world.refuse(undefined);
    await world.reconcile();
    await world.reconcile();
    expect(viewPlanSecret(world.objects.read(secrets, secretKey)).planAttempt).toBe('clean-1-h-uid.ps');
    expect(world.notes()[annotations.operation]).toBeUndefined();
    const writes = world.objects.writes.filter(({ name, code }) => name === 'h1-plan' && code === 200);
    expect(writes).toHaveLength(1);
    expect(world.counted).toEqual(['quarantine accepted']);
    expect(world.journaled()).toHaveLength(1);
    expect(new Set(world.told.map(({ reason }) => reason))).toEqual(new Set(['Quarantined']));
  });

  it.each([
    [
      'is named by the providerID of a machine that was moved here',
      () => world.addMachine('m2', 'uid-2', 'baremetal:///h1'),
    ],
    ['was adopted, which no cache shows yet', () => world.noteOwner({ [annotations.ownerUid]: 'uid-2' })],
  ])('writes no plan, killed between its writes, to a host that meanwhile %s', async (_what, arrive) => {
    world.putHost({ ...free, ...owned, ...noted(clean), ...quarantine });
    world.putSecret({ plan: clean.json, 'applied-checksum': clean.checksum });
    world.refuseSecret(500);
    await expect(world.reconcile()).rejects.toThrow('500');
    world.refuseSecret(undefined);
    arrive();
    await world.reconcile().catch(() => {});
    expect(viewPlanSecret(world.objects.read(secrets, secretKey)).planAttempt).toBe(clean.id);
    expect(world.objects.writes.filter(({ name, code }) => name === 'h1-plan' && code === 200)).toEqual([]);
  });

  it('says that no clean plan could be left', async () => {
    world.putHost({ ...free, ...owned, ...noted(clean), ...quarantine });
    expect((await world.ask())[annotations.quarantine]).toContain('its plan Secret is gone');
    expect(world.told.at(-1)?.message).toContain('no clean plan could be left: its plan Secret is gone');
  });

  it('orders another clean plan than the one that an earlier quarantine left', async () => {
    const id = attemptId({ uid: 'h-uid', planType: 'clean', attempt: 3, claim: 'ps' });
    const earlier = renderPlan({ attemptId: id, planType: 'clean', script: 'true', files: [] });
    world.putHost({ ...free, ...owned, ...quarantine });
    world.putSecret({ plan: earlier.json, 'applied-checksum': earlier.checksum });
    await world.reconcile();
    expect(world.notes()[annotations.hostPlanAttempt]).toBe('clean-4-h-uid.ps');
  });

  it.each([
    ['is gone', undefined, 'its plan Secret is gone'],
    ['is immutable', { immutable: true }, 'its plan Secret is immutable'],
    [
      'holds a plan of somebody else',
      { metadata: { ...secretKey, uid: 'ps', annotations: { 'elemental.cattle.io/plan.type': 'reset' } } },
      'a reset plan of somebody else stands in its plan Secret',
    ],
    ['is no plan Secret', { type: 'Opaque' }, 'its plan Secret is not its own'],
  ])('says that no clean plan could be left where the Secret %s', async (_what, secret, words) => {
    world.putHost({ ...free, ...owned, ...quarantine });
    if (secret !== undefined) world.putSecret({ plan: reprovision.json }, secret);
    const after = await world.ask();
    expect(after[annotations.quarantine]).toBe(`No clean plan could be left: ${words}. ada: new disk`);
    expect(after[annotations.ownerUid]).toBeUndefined();
    expect(world.objects.writes.filter(({ name }) => name === 'h1-plan')).toEqual([]);
    world.putHost({ ...after, [annotations.operation]: 'unquarantine' });
    await world.reconcile();
    expect(world.told.at(-1)).toMatchObject({ reason: 'UnquarantineWaiting' });
  });

  it.each([
    ['without a reason', 'quarantine', free, 'needs a reason'],
    ['of a quarantined host', 'quarantine: x', {}, 'quarantined already'],
    ['by another word', 'reboot: x', free, 'those for a host are quarantine, unquarantine, validate'],
  ])('is refused %s', async (_what, text, notes, words) => {
    world.putHost({ ...notes, [annotations.operation]: text });
    const before = world.notes()[annotations.quarantine];
    const after = await world.ask();
    expect([after[annotations.quarantine], after[annotations.operation]]).toEqual([before, undefined]);
    expect(world.told).toMatchObject([{ reason: 'OperationRefused' }]);
    expect(world.told[0]?.message).toContain(words);
    expect(world.journaled()).toEqual([]);
  });
});

describe('checks of the pool', () => {
  const recorded = (state: string) => ({ [annotations.acceptance]: state, [annotations.acceptanceChecks]: 'h1' });

  it.each([
    ['Accepted', 'Available'],
    ['NotAccepted', 'Unavailable'],
    ['Validating', 'Unavailable'],
  ])('are to be done again after unquarantine: one that is %s is %s', async (state, allocationState) => {
    world.putHost(recorded(state));
    expect(await world.ask()).toEqual({
      [annotations.acceptance]: state,
      [annotations.allocationState]: allocationState,
    });
    const freed = { step: 'unquarantine', from: 'Quarantined', to: allocationState, cause: 'Operator' };
    expect(world.journaled()).toMatchObject([freed]);
  });

  it('are to be done again after the use of a host that is in use', async () => {
    world.addMachine('m', 'm-uid');
    const owner = { [annotations.ownerUid]: 'm-uid', [annotations.ownerBaremetalMachine]: 'm' };
    world.putHost({ ...owner, ...recorded('Accepted'), [annotations.allocationState]: 'Allocated' });
    expect(await world.ask()).toEqual({
      ...owner,
      [annotations.acceptance]: 'Accepted',
      [annotations.allocationState]: 'Allocated',
    });
  });

  it('are to be done again when somebody asks for it', async () => {
    world.putHost({
      [annotations.quarantine]: undefined,
      [annotations.operation]: 'validate',
      ...recorded('NotAccepted'),
    });
    expect(await world.ask()).toEqual({
      [annotations.acceptance]: 'NotAccepted',
      [annotations.allocationState]: 'Unavailable',
    });
    expect(world.told).toMatchObject([{ reason: 'ChecksAgain' }]);
    expect(world.counted).toEqual(['validate accepted']);
    expect(world.journaled()).toMatchObject([{ step: 'validate', from: 'NotAccepted', to: 'NotAccepted' }]);
  });

  it('are not done where the pool asks for none', async () => {
    world.putHost({
      [annotations.quarantine]: undefined,
      [annotations.operation]: 'validate',
      [annotations.allocationState]: 'Available',
    });
    expect(await world.ask()).toEqual({ [annotations.allocationState]: 'Available' });
    expect(world.told).toMatchObject([{ reason: 'OperationRefused' }]);
  });
});
