import { annotations, foreign } from '../../../api/constants.ts';
import { machineInventories, secrets } from '../../../api/resources.ts';
import { slotLeases } from '../../../api/slots.ts';
import { giveSlotBack, takeSlot } from '../../../activities/host/slot.ts';
import { type PlanOrder, orderedAttemptId, type PlanSlot } from '../../../activities/host/plan-writer.ts';
import { type HostView, viewHost } from '../../../domain/inputs/host-view.ts';
import type { BoundHost } from '../../../domain/life/machine-life.ts';
import type { MachineView } from '../../../domain/inputs/machine-view.ts';
import { type PoolView, viewPool } from '../../../domain/inputs/pool-view.ts';
import { renderReprovisionPlan } from '../../../domain/plan/reprovision.ts';
import { type PlanSecretView, planSecretPatch, readPlanResult, viewPlanSecret } from '../../../domain/plan/secret.ts';
import { hostIndexes, machineIndexes } from '../../../domain/pool/indexes.ts';
import { readHolders } from '../../../domain/slots/holders.ts';
import { triggerIndexes } from '../../../k8s-bridge/machines/caches.ts';
import { SlotBook } from '../../../k8s-bridge/slots/book.ts';
import { reconcileSlots, type SlotReconcilerDeps } from '../../../k8s-bridge/slots/reconciler.ts';
import { isRefusal, KubeApiError } from '../../../runtime/kube/client.ts';
import { createFakeObjects, createMemoryStore } from '../../support/fake-objects.ts';
import { hostLabels } from '../../support/host-labels.ts';
import { waitingMachine } from '../../support/pool-fixtures.ts';

const namespace = 'demo';
const lease = { namespace, name: 'ironloom-slots' };
/** What a step has, see `workflows/activity-proxies.ts`. */
const STEP_MS = 15_000;

export interface SlotWorldOptions {
  /** Pool of each machine; its name is `m` and its index, and it has the host of that name. */
  pools: readonly string[];
  limits: Readonly<Record<string, number>>;
  installation: number | undefined;
  /** Delays what an API server answers. */
  delay?: <T>(answer: Promise<T>) => Promise<T>;
}

/** Machines that hold a host and want to reprovision it, their hosts, an API server, and any number of bridges and steps. */
export function createSlotWorld({ pools, limits, installation, delay = (answer) => answer }: SlotWorldOptions) {
  const api = createFakeObjects();
  const clock = { nowMs: 0 };
  const reads: string[] = [];
  const attempts = pools.map(() => 1);
  const machines = pools.map((pool, index) =>
    waitingMachine(`m${index}`, index, { pool, inventory: `m${index}`, waitsForHost: false, waitsForSlot: false }),
  );
  const poolViews = [...new Set(pools)].map((name) => poolView(name, limits[name]));
  for (const { name, uid } of machines) putHost(name, uid);

  function putHost(name: string, uid: string): void {
    api.put(secrets, { metadata: { namespace, name, uid: `s-${name}` }, type: foreign.planSecretType, data: {} });
    const notes = {
      [annotations.allocationState]: 'Allocated',
      [annotations.ownerUid]: uid,
      [annotations.ownerBaremetalMachine]: name,
    };
    api.put(machineInventories, {
      metadata: { namespace, name, uid: `h-${name}`, annotations: notes },
      status: { plan: { secretRef: { name } } },
    });
  }

  const host = (name: string): HostView => viewHost(api.read(machineInventories, { namespace, name }), hostLabels);
  const plan = (name: string): PlanSecretView => viewPlanSecret(api.read(secrets, { namespace, name }));
  const isAtWork = (name: string): boolean => {
    const view = plan(name);
    if (!view.planAttempt?.startsWith('reprovision')) return false;
    return readPlanResult(view, { checksum: view.planChecksum, attemptId: view.planAttempt }).kind === 'running';
  };
  const atWork = (): string[] => machines.map(({ name }) => name).filter(isAtWork);

  const client: SlotReconcilerDeps['client'] = {
    find: (resource, key) => {
      reads.push(resource.plural);
      return delay(Promise.resolve()).then(() => api.find(resource, key));
    },
    // A write arrives at once; what is late is the answer.
    patch: (resource, key, body, options) => delay(api.patch(resource, key, body, options)),
    create(resource, body) {
      if (api.find(resource, lease) !== undefined) return Promise.reject(new KubeApiError(409, 'AlreadyExists', ''));
      return delay(Promise.resolve(api.put(resource, { metadata: { ...body.metadata, ...lease, uid: 'lease' } })));
    },
  };

  function set(index: number, changes: Partial<MachineView>): void {
    const machine = machines[index];
    if (machine !== undefined) machines[index] = { ...machine, ...changes };
  }

  /** What the run does when it is its machine's turn, or when it does not know whose turn it is. Answers whether it wrote. */
  async function step(index: number): Promise<boolean> {
    const machine = machines[index];
    if (machine === undefined || machine.deleting || machine.reportsPaused) return false;
    const { name } = machine;
    const untilMs = clock.nowMs + STEP_MS;
    const fence = {
      assertAlive() {
        if (clock.nowMs >= untilMs) throw new Error('The attempt outlived its timeout');
      },
    };
    const [inventory, found] = await Promise.all([
      client.find(machineInventories, { namespace, name }),
      client.find(secrets, { namespace, name }),
    ]);
    if (inventory === undefined || found === undefined) return false;
    const secret = viewPlanSecret(found);
    const bound: BoundHost = {
      inventory: name,
      hostname: name,
      planSecret: name,
      addresses: [],
      recorded: 'Allocated',
    };
    const order: PlanOrder = { machine, host: bound, planType: 'reprovision', attempt: attempts[index] ?? 1 };
    const place: Extract<PlanSlot, { kind: 'free' }> = {
      kind: 'free',
      inventory,
      host: viewHost(inventory, hostLabels),
      secret,
      found,
    };
    const id = orderedAttemptId(order, secret);
    if (secret.planAttempt === id) return true;
    const obstacle = await takeSlot(
      deps,
      fence,
      order,
      place,
      poolViews.find((view) => view.name === machine.pool),
    );
    if (obstacle !== undefined) {
      set(index, { waitsForSlot: true });
      return false;
    }
    try {
      const rendered = renderReprovisionPlan({ attemptId: id, userData: '', hostname: name, image: 'registry/os:1' });
      const { resourceVersion } = inventory.metadata;
      const notes = {
        [annotations.allocationState]: 'Reprovisioning',
        [annotations.hostPlanAttempt]: id,
        [annotations.hostPlanChecksum]: 'c',
      };
      await client.patch(
        machineInventories,
        { namespace, name },
        { metadata: { resourceVersion, annotations: notes } },
      );
      fence.assertAlive();
      await client.patch(
        secrets,
        { namespace, name },
        planSecretPatch({
          plan: rendered,
          attemptId: id,
          planType: 'reprovision',
          resourceVersion: secret.resourceVersion,
        }),
      );
    } catch (error) {
      if (isRefusal(error)) await giveSlotBack(deps, machine, id);
      throw error;
    }
    set(index, { waitsForSlot: false });
    return true;
  }

  // The part of a worker that a slot needs.
  const deps = {
    kube: client,
    policy: { slots: { lease, limit: installation } },
  };

  async function answer(name: string, key: 'applied-checksum' | 'failed-checksum'): Promise<void> {
    if (!isAtWork(name)) return;
    const encode = (text: string) => Buffer.from(text).toString('base64');
    const data = {
      [key]: encode(plan(name).planChecksum),
      'failure-count': encode(key === 'failed-checksum' ? '1' : '0'),
    };
    await api.patch(secrets, { namespace, name }, { data });
  }

  function createBridge() {
    const caches = {
      machines: createMemoryStore<MachineView>({ ...machineIndexes, ...triggerIndexes.machines }),
      pools: createMemoryStore<PoolView>(),
      hosts: createMemoryStore<HostView>(hostIndexes),
      planSecrets: createMemoryStore<PlanSecretView>(),
    };
    const woken: string[] = [];
    const told: string[] = [];
    const book = new SlotBook();
    for (const pool of poolViews) caches.pools.upsert(pool);
    const bridge: SlotReconcilerDeps = {
      client,
      hostLabels,
      caches,
      slots: { lease, limit: installation },
      book,
      wakeMachine: async ({ name }) => void woken.push(name),
      enqueueMachine: (key) => void told.push(key),
      enqueuePool: () => {},
      logger: { info: () => {}, warn: () => {} },
      nowMs: () => clock.nowMs,
    };
    return {
      woken,
      told,
      book,
      caches,
      /** Its caches hear of all that has happened. */
      sync(): void {
        this.syncMachines();
        for (const { name } of machines) {
          caches.hosts.upsert(host(name));
          caches.planSecrets.upsert(plan(name));
        }
      },
      /** Its watches of hosts and plan Secrets are held up. */
      syncMachines(): void {
        for (const machine of machines) caches.machines.upsert(machine);
      },
      look: () => reconcileSlots(bridge),
    };
  }

  return {
    api,
    reads,
    clock,
    machines,
    attempts,
    set,
    step,
    answer,
    atWork,
    createBridge,
    /** Somebody deletes the object with the slots. */
    forgetSlots: () => api.delete(slotLeases, lease),
    holders: () => [...readHolders(api.find(slotLeases, lease)?.metadata.annotations ?? {}).values()],
  };
}

function poolView(name: string, limit: number | undefined): PoolView {
  return viewPool({
    apiVersion: 'infrastructure.cluster.x-k8s.io/v1beta1',
    kind: 'MachineInventoryPool',
    metadata: { ...machineInventoryPoolMetadata, name },
    spec: {
      clusterName: 'c',
      machineInventories: [],
      ...(limit !== undefined && { maxConcurrentReprovisions: limit }),
    },
  });
}

const machineInventoryPoolMetadata = {
  namespace,
  uid: 'p',
  resourceVersion: '1',
  creationTimestamp: '2026-01-01T00:00:00Z',
  labels: {},
  annotations: {},
  finalizers: [],
  ownerReferences: [],
};
