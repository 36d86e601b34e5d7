import { beforeEach, describe, expect, it } from 'vitest';
import { annotations } from '../../../api/constants.ts';
import { secretSchema } from '../../../api/core.ts';
import { machineInventories } from '../../../api/resources.ts';
import { type HostView, viewHost } from '../../../domain/inputs/host-view.ts';
import { attemptId } from '../../../domain/plan/attempt.ts';
import { renderPlan } from '../../../domain/plan/document.ts';
import { type PlanSecretView, viewPlanSecret } from '../../../domain/plan/secret.ts';
import { type HostOperationDeps, reconcileHostOperation } from '../../../k8s-bridge/hosts/operation-reconciler.ts';
import { RetryPauses } from '../../../k8s-bridge/reconcile/retry-pauses.ts';
import { createFakeObjects, createMemoryStore } from '../../support/fake-objects.ts';
import { silentLogger } from '../bridge-fixtures.ts';

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

function createWorld() {
  const objects = createFakeObjects();
  const hosts = createMemoryStore<HostView>();
  const planSecrets = createMemoryStore<PlanSecretView>();
  const told: Told[] = [];
  const pauses = new RetryPauses();
  const create: HostOperationDeps['client']['create'] = async (resource, body) => {
    const { reason, message } = { reason: '', message: '', ...body };
    told.push({ reason, message });
    return resource.schema.parse(body);
  };
  return {
    told,
    /** The host with its annotations, beside those of a host that was let go by force. */
    putHost(notes: Record<string, string | undefined>): void {
      const all = {
        [annotations.allocationState]: 'Unavailable',
        [annotations.quarantine]: 'Released by force',
        [annotations.operation]: 'unquarantine',
        ...notes,
      };
      const kept = Object.fromEntries(Object.entries(all).filter(([, value]) => value !== undefined));
      const metadata = { namespace: 'demo', name: 'h1', uid: 'h-uid', annotations: kept };
      const status = { plan: { secretRef: { namespace: 'demo', name: 'h1-plan' } } };
      hosts.upsert(viewHost(objects.put(machineInventories, { metadata, spec: {}, status })));
    },
    /** What stands in the host's plan Secret. */
    putSecret(data: Record<string, string>): void {
      const metadata = { namespace: 'demo', name: 'h1-plan', uid: 'ps', resourceVersion: '1' };
      const encoded = Object.fromEntries(Object.entries(data).map(([key, value]) => [key, base64(value)]));
      planSecrets.upsert(viewPlanSecret(secretSchema.parse({ metadata, data: encoded })));
    },
    async ask() {
      await this.reconcile();
      return objects.read(machineInventories, { namespace: 'demo', name: 'h1' }).metadata.annotations;
    },
    reconcile() {
      const client = { patch: objects.patch.bind(objects), create };
      return reconcileHostOperation('demo/h1', { hosts, planSecrets, client, pauses, logger: silentLogger });
    },
    refuse: (code: number | undefined) => objects.refuse('h1', code),
  };
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
