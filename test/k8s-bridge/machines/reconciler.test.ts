import { beforeEach, describe, expect, it } from 'vitest';
import type { ObjectKey } from '../../../api/meta.ts';
import type { PlanSight } from '../../../domain/inputs/host-trouble.ts';
import type { CapiClusterView } from '../../../domain/inputs/capi-view.ts';
import type { HostView } from '../../../domain/inputs/host-view.ts';
import type { MachineView } from '../../../domain/inputs/machine-view.ts';
import type { PoolView } from '../../../domain/inputs/pool-view.ts';
import { keyText } from '../../../domain/pool/indexes.ts';
import { fingerprintSnapshot } from '../../../domain/inputs/snapshot-fingerprint.ts';
import { DEPARTURE_GRACE_MS, DepartedMachines } from '../../../k8s-bridge/machines/departed.ts';
import {
  type MachineCaches,
  takeLastSnapshot,
  takeSnapshot,
  triggerIndexes,
} from '../../../k8s-bridge/machines/caches.ts';
import {
  type MachineReconcilerDeps,
  OWNER_GRACE_MS,
  reconcileMachine,
} from '../../../k8s-bridge/machines/reconciler.ts';
import type { ReconcileResult } from '../../../k8s-bridge/reconcile/ports.ts';
import {
  BOOT_GRACE_MS,
  HostSuspicions,
  SUSPICION_MS,
  WORDS_GRACE_MS,
} from '../../../k8s-bridge/machines/host-suspicions.ts';
import { LONGEST_START_MS, MAX_NEW_RUNS, PacedStarts } from '../../../k8s-bridge/machines/paced-starts.ts';
import { ReplacedRuns } from '../../../k8s-bridge/machines/replaced-runs.ts';
import { LOST_AFTER_MS, SentSnapshots } from '../../../k8s-bridge/machines/sent-snapshots.ts';
import { UNATTENDED_AFTER_MS, UnattendedMachines } from '../../../k8s-bridge/machines/unattended.ts';
import { resyncRuns } from '../../../k8s-bridge/machines/workflow-starter.ts';
import { rememberVanishedClusters } from '../../../k8s-bridge/machines/vanished-clusters.ts';
import {
  capiMachineView,
  changeSource,
  clusterView,
  hostView,
  machineView,
  ManualClock,
  MemoryRuns,
  MemoryStore,
  silentLogger,
  T0,
} from '../bridge-fixtures.ts';

const KEY = 'demo/m1';
const ID = 'machine/demo/m1/uid-1';
/** Its run was told, and nothing else makes the bridge look again. */
const TOLD: ReconcileResult = { requeueAfterMs: LOST_AFTER_MS + 1 };

/** The bridge's machine side over stores and a Temporal in memory. */
function createWorld() {
  const clock = new ManualClock();
  const runs = new MemoryRuns();
  const machines = new MemoryStore<MachineView>();
  const clusters = new MemoryStore([clusterView()]);
  const hosts = new MemoryStore<HostView>();
  const capiMachines = new MemoryStore([capiMachineView()], triggerIndexes.capiMachines);
  const planSecrets = new MemoryStore<PlanSight & ObjectKey>();
  const caches: MachineCaches = {
    machines,
    capiMachines,
    capiClusters: clusters,
    bootstrapSecrets: new MemoryStore([{ namespace: 'demo', name: 'boot-1', uid: 's', resourceVersion: '1' }]),
    catalogs: new MemoryStore(),
    hosts,
    planSecrets,
    pools: new MemoryStore<PoolView>(),
  };
  /** uids that the API server answers, where they differ from the cache. */
  const live = new Map<string, string | undefined>();
  const sent = new SentSnapshots(clock.nowMs);
  const departed = new DepartedMachines({
    runs,
    nowMs: clock.nowMs,
    findUid: async (key) => (live.has(keyText(key)) ? live.get(keyText(key)) : machines.get(key)?.uid),
  });
  const queue = new Set<string>();
  const deps: MachineReconcilerDeps = {
    machines,
    runs,
    sent,
    departed,
    suspicions: new HostSuspicions(clock.nowMs),
    unattended: new UnattendedMachines(clock.nowMs),
    missingRuns: new Set(),
    starts: new PacedStarts({ nowMs: clock.nowMs, enqueue: (key) => void queue.add(key) }),
    takeSnapshot: (view) => takeSnapshot(view, caches, undefined),
    logger: silentLogger,
    nowMs: clock.nowMs,
  };
  const adopted = new Set<string>();
  const replaced = new ReplacedRuns();
  const pauses = { tell: async () => {} };
  return {
    clock,
    runs,
    machines,
    clusters,
    caches,
    hosts,
    capiMachines,
    planSecrets,
    live,
    deps,
    sent,
    queue,
    reconcile: (key = KEY): Promise<ReconcileResult> => reconcileMachine(key, deps),
    adopted,
    resync: (watchNamespace?: string) => {
      const enqueue = (key: string) => void queue.add(key);
      const adopt = (key: string) => void adopted.add(key);
      return resyncRuns({ ...deps, machines, runs, replaced, pauses, enqueue, adopt, watchNamespace }, 'nothing');
    },
    /** Fingerprint of the machine as the world is now. */
    fingerprint: (view: MachineView): string => fingerprintSnapshot(deps.takeSnapshot(view)),
    /** What the informer's handler does with an object that vanished. */
    vanish(view: MachineView): void {
      machines.delete(view);
      departed.add(view, takeLastSnapshot(view, caches));
      sent.forget(view.uid);
    },
  };
}

let world: ReturnType<typeof createWorld>;
beforeEach(() => {
  world = createWorld();
});

describe('the name of its Node', () => {
  const provisioned = machineView({ provisioned: true, nodeName: 'same' });
  const other = { name: 'capi-x', nodeName: 'same' };

  it.each<[string, Parameters<typeof capiMachineView>[0], string | undefined]>([
    ['another Machine of the cluster', other, 'capi-x'],
    ['one that goes and takes its Node along', { ...other, deleting: true }, undefined],
    ['one of another cluster', { ...other, clusterName: 'c2' }, undefined],
    ['one of another namespace', { ...other, namespace: 'elsewhere' }, undefined],
    ['nobody', { ...other, nodeName: 'another' }, undefined],
  ])('is taken by %s', (_, holder, expected) => {
    const world = createWorld();
    world.capiMachines.set(capiMachineView(holder));
    expect(world.deps.takeSnapshot(provisioned).nodeNameTakenBy).toBe(expected);
  });

  it('is its own, once it has joined', () => {
    const world = createWorld();
    world.capiMachines.set(capiMachineView({ nodeName: 'same' }));
    expect(world.deps.takeSnapshot(provisioned)).not.toHaveProperty('nodeNameTakenBy');
  });
});

describe('reconcileMachine', () => {
  it('starts the run of a new machine with its snapshot, once', async () => {
    const view = machineView();
    world.machines.set(view);
    await world.reconcile();
    await world.reconcile();
    expect(world.runs.calls).toEqual([{ kind: 'observe', id: ID, snapshot: world.deps.takeSnapshot(view) }]);
  });

  it('starts no more runs at once than show something', async () => {
    const views = Array.from({ length: MAX_NEW_RUNS + 1 }, (_, nth) =>
      machineView({ name: `m${nth}`, uid: `u${nth}` }),
    );
    for (const view of views) world.machines.set(view);
    const lookAgain = await Promise.all(views.map((view) => world.reconcile(keyText(view))));
    expect(world.runs.calls).toHaveLength(MAX_NEW_RUNS);
    expect(lookAgain.at(-1)).toEqual({ requeueAfterMs: LONGEST_START_MS });
    // It lacks no run, it waits for its turn.
    expect(await world.resync()).toMatchObject({ open: MAX_NEW_RUNS, missing: 0 });
    world.queue.clear();
    expect(world.deps.starts.waitingCount()).toBe(1);
    world.machines.set(machineView({ name: 'm0', uid: 'u0', observedInputs: 'shown' }));
    await world.reconcile('demo/m0');
    expect([...world.queue]).toEqual([`demo/m${MAX_NEW_RUNS}`]);
    await world.reconcile(`demo/m${MAX_NEW_RUNS}`);
    expect(world.runs.calls.at(-1)).toMatchObject({ id: `machine/demo/m${MAX_NEW_RUNS}/u${MAX_NEW_RUNS}` });
  });

  it('keeps no place for machines that were told all and show nothing', async () => {
    const views = Array.from({ length: MAX_NEW_RUNS }, (_, nth) => machineView({ name: `m${nth}`, uid: `u${nth}` }));
    for (const view of views) world.machines.set(view);
    await Promise.all(views.map((view) => world.reconcile(keyText(view))));
    world.clock.advance(LONGEST_START_MS);
    await Promise.all(views.map((view) => world.reconcile(keyText(view))));
    world.machines.set(machineView({ name: 'new', uid: 'new' }));
    expect(await world.reconcile('demo/new')).not.toEqual({ requeueAfterMs: LONGEST_START_MS });
    expect(world.runs.calls.at(-1)).toMatchObject({ id: 'machine/demo/new/new' });
  });

  it('holds still while its Cluster cannot be read', async () => {
    world.machines.set(machineView());
    world.clusters.spoil({ namespace: 'demo', name: 'c1' }, 'spec.paused: expected boolean');
    await world.reconcile();
    world.clusters.set(clusterView());
    await world.reconcile();
    expect(world.runs.calls).toMatchObject([{ snapshot: { paused: true } }, { snapshot: { paused: false } }]);
  });

  it('is silent where the status says that everything was acted on', async () => {
    const view = machineView({ hasFinalizer: true, phase: 'Pending' });
    world.machines.set({ ...view, observedInputs: world.fingerprint(view) });
    expect(await world.reconcile()).toEqual({});
    expect(world.runs.calls).toEqual([]);
  });

  describe('with a host that does not record the machine', () => {
    const running = { hasFinalizer: true, providerID: 'baremetal:///h1', provisioned: true, phase: 'Running' } as const;
    const told = () => world.runs.calls.map((call) => ('snapshot' in call ? call.snapshot.hostTrouble : call.kind));

    beforeEach(() => {
      world.hosts.set(hostView());
      const view = machineView(running);
      world.machines.set({ ...view, observedInputs: world.fingerprint(view) });
    });

    it('believes it after a moment, and takes it back at once', async () => {
      expect(await world.reconcile()).toEqual({});
      world.hosts.set(hostView({ owner: undefined }));
      expect(await world.reconcile()).toEqual({ requeueAfterMs: SUSPICION_MS });
      expect(told()).toEqual([]);
      world.clock.advance(SUSPICION_MS);
      expect(await world.reconcile()).toEqual(TOLD);
      expect(told()).toEqual(['lost']);
      world.hosts.set(hostView());
      await world.reconcile();
      expect(told()).toEqual(['lost', undefined]);
    });

    it('tells what else changed meanwhile', async () => {
      world.hosts.set(hostView({ owner: undefined, allocationState: undefined }));
      await world.reconcile();
      world.machines.set(machineView({ ...running, deleting: true }));
      world.clock.advance(SUSPICION_MS - 1);
      expect(await world.reconcile()).toEqual({ requeueAfterMs: 1 });
      expect(world.runs.calls).toMatchObject([{ snapshot: { deleting: true } }]);
      expect(told()).toEqual([undefined]);
    });

    it('does not doubt anew what the run has acted on', async () => {
      world.hosts.set(hostView({ owner: undefined }));
      const view = machineView(running);
      world.machines.set({ ...view, observedInputs: world.fingerprint(view) });
      expect(await world.reconcile()).toEqual({});
      expect(told()).toEqual([]);
    });

    it.each([hostView({ deleting: true }), hostView({ takenBySelector: true })])(
      'believes a sign that is certain at once',
      async (host) => {
        world.hosts.set(host);
        expect(await world.reconcile()).toEqual(TOLD);
        expect(told()).toEqual(['taken']);
      },
    );

    it('says that it cannot be read, and takes it back when it is mended', async () => {
      world.hosts.spoil({ namespace: 'demo', name: 'h1' }, 'spec.storage.volumes: expected array');
      await world.reconcile();
      world.hosts.set(hostView());
      await world.reconcile();
      expect(world.runs.calls).toMatchObject([
        { snapshot: { hostMissing: false, hostTrouble: 'unreadable' } },
        { snapshot: { hostMissing: false } },
      ]);
      expect(told()).toEqual(['unreadable', undefined]);
    });
  });

  describe('with a host that booted', () => {
    const attemptId = 'reprovision-1-uid-1';
    const owner = { uid: 'uid-1', cluster: 'c1', machine: 'capi-m1', baremetalMachine: 'm1' };
    const boots = (mode: string): void => {
      world.machines.set(machineView({ provisioned: true, providerID: 'baremetal:///h1', inventory: 'h1' }));
      const plan = { attemptId, checksum: 'c' };
      world.hosts.set(hostView({ name: 'h1', owner, plan, planSecretName: 'h1' }));
      world.planSecrets.set({
        namespace: 'demo',
        name: 'h1',
        foreignPlanType: undefined,
        isEmpty: false,
        planAttempt: attemptId,
        boot: { rebooted: true, mode },
      });
    };
    const told = () =>
      world.runs.calls.flatMap((call) =>
        'snapshot' in call ? [[call.snapshot.boot, call.snapshot.machine?.nodeName]] : [],
      );

    it('tells it with the Node, which follows soon', async () => {
      boots('active');
      expect(await world.reconcile()).toEqual({ requeueAfterMs: BOOT_GRACE_MS });
      world.capiMachines.set(capiMachineView({ nodeName: 'n1' }));
      expect(await world.reconcile()).toEqual(TOLD);
      expect(told()).toEqual([
        [undefined, null],
        ['active', 'n1'],
      ]);
    });

    it('tells it without the Node after a while, and does not take it back', async () => {
      boots('active');
      await world.reconcile();
      world.clock.advance(BOOT_GRACE_MS);
      expect(await world.reconcile()).toEqual(TOLD);
      expect(told().at(-1)).toEqual(['active', null]);
      world.deps.suspicions.forget('uid-1');
      world.machines.set(
        machineView({ provisioned: true, inventory: 'h1', reportsBooted: true, pausedByAnnotation: true }),
      );
      await world.reconcile();
      expect(told().at(-1)).toEqual(['active', null]);
    });

    it('tells a fallback at once', async () => {
      boots('passive');
      expect(await world.reconcile()).toEqual(TOLD);
      expect(told()).toEqual([['fallback', null]]);
    });
  });

  it('tells what is waited for says only where that takes a while, and at once when it is over', async () => {
    world.machines.set(machineView({ hostReason: undefined, bootstrapReason: 'BootstrapWaiting' }));
    world.capiMachines.set(
      capiMachineView({ bootstrapSecret: undefined, bootstrapSays: 'KubeadmConfig x: no certificate' }),
    );
    expect(await world.reconcile()).toEqual({ requeueAfterMs: WORDS_GRACE_MS });
    world.clock.advance(WORDS_GRACE_MS);
    expect(await world.reconcile()).toEqual(TOLD);
    const words = world.runs.calls.flatMap((call) => ('snapshot' in call ? [call.snapshot.waitsFor] : []));
    expect(words).toEqual([undefined, 'KubeadmConfig x: no certificate']);
  });

  it('waits a moment for the ownerRef, then starts without', async () => {
    const view = machineView({ ownerMachine: undefined, creationTimestamp: new Date(T0 + 59_500).toISOString() });
    const leftMs = OWNER_GRACE_MS - 500;
    world.machines.set(view);
    expect(await world.reconcile()).toEqual({ requeueAfterMs: leftMs });
    expect(world.runs.calls).toEqual([]);
    world.clock.advance(leftMs);
    await world.reconcile();
    expect(world.runs.calls).toMatchObject([{ kind: 'observe', snapshot: { machine: null } }]);
  });

  it('does not wait for the ownerRef of an object that seems to come from the future', async () => {
    world.machines.set(machineView({ ownerMachine: undefined, creationTimestamp: '2027-01-01T00:00:00Z' }));
    await world.reconcile();
    expect(world.runs.calls).toHaveLength(1);
  });

  it('tells the run what changed, and what changed back before the run wrote its status', async () => {
    const view = machineView({ hasFinalizer: true });
    const settled = { ...view, observedInputs: world.fingerprint(view) };
    world.machines.set(settled);
    world.clusters.set(clusterView({ paused: true }));
    await world.reconcile();
    world.clusters.set(clusterView());
    await world.reconcile();
    await world.reconcile();
    expect(world.runs.calls.map((call) => 'snapshot' in call && call.snapshot.paused)).toEqual([true, false]);
  });

  it('is silent about inputs that the run reached by itself', async () => {
    const view = machineView();
    world.machines.set(view);
    await world.reconcile();
    const provisioned = { ...view, hasFinalizer: true, provisioned: true };
    world.machines.set({ ...provisioned, observedInputs: world.fingerprint(provisioned) });
    await world.reconcile();
    expect(world.runs.calls).toHaveLength(1);
    expect(world.sent.size).toBe(0);
  });

  it.each<[string, Partial<MachineView>]>([
    ['wrote over with something else', { observedInputs: 'other' }],
    ['has heard, as it wrote its status since, and not taken', { statusWrittenBy: 'run/5' }],
  ])('sends again what the run %s', async (_what, written) => {
    const view = machineView({ observedInputs: 'older', statusWrittenBy: 'run/3' });
    world.machines.set(view);
    await world.reconcile();
    world.machines.set({ ...view, ...written });
    const { requeueAfterMs = 0 } = await world.reconcile();
    expect(world.runs.calls).toHaveLength(1);
    expect(requeueAfterMs).toBeLessThan(61_000);
    world.clock.advance(requeueAfterMs);
    await world.reconcile();
    expect(world.runs.calls).toHaveLength(2);
  });

  it('sends again what the run has not written after a long time: Temporal may have lost it', async () => {
    world.machines.set(machineView());
    await world.reconcile();
    for (let period = 0; period < 2; period += 1) {
      world.clock.advance(LOST_AFTER_MS);
      await world.reconcile();
      expect(world.runs.calls).toHaveLength(1 + period);
      world.clock.advance(1);
      await world.reconcile();
      await world.reconcile();
      expect(world.runs.calls).toHaveLength(2 + period);
    }
  });

  it('tells a released machine once, however long somebody else holds the object', async () => {
    world.machines.set(machineView({ deleting: true, phase: 'Preparing', observedInputs: 'before' }));
    await world.reconcile();
    world.clock.advance(2 * LOST_AFTER_MS);
    await world.reconcile();
    expect(world.runs.calls.map(({ kind }) => kind)).toEqual(['tell']);
  });

  it('remembers nothing when Temporal cannot be asked', async () => {
    world.machines.set(machineView());
    world.runs.outage = new Error('unavailable');
    await expect(world.reconcile()).rejects.toThrow('unavailable');
    world.runs.outage = undefined;
    await world.reconcile();
    expect(world.runs.calls).toHaveLength(1);
  });

  it('leaves alone what is being deleted and was never ours', async () => {
    world.machines.set(machineView({ deleting: true }));
    await world.reconcile();
    expect(world.runs.calls).toEqual([]);
  });

  it('never starts a run for a machine that was let go', async () => {
    world.machines.set(machineView({ deleting: true, phase: 'Preparing', observedInputs: 'before' }));
    await world.reconcile();
    await world.resync();
    await world.reconcile();
    expect(world.runs.calls.map(({ kind }) => kind)).toEqual(['tell']);
    expect(world.runs.open.size).toBe(0);
  });
});

describe('an object that is gone', () => {
  it('is told to its run after the grace time, with what was seen last', async () => {
    const view = machineView({ deletedForMove: true, deleting: true });
    world.runs.open.set(ID, view);
    world.vanish(view);
    expect(await world.reconcile()).toEqual({ requeueAfterMs: DEPARTURE_GRACE_MS });
    expect(world.runs.calls).toEqual([]);
    world.clock.advance(DEPARTURE_GRACE_MS);
    expect(await world.reconcile()).toEqual({});
    await world.reconcile();
    expect(world.runs.calls).toMatchObject([{ kind: 'tell', id: ID, snapshot: { gone: true, deletedForMove: true } }]);
  });

  it('does not hide the one that was created in its place', async () => {
    const former = machineView();
    world.vanish(former);
    world.machines.set(machineView({ uid: 'uid-2' }));
    await world.reconcile();
    world.clock.advance(DEPARTURE_GRACE_MS);
    await world.reconcile();
    expect(world.runs.calls.map(({ kind, id }) => [kind, id])).toEqual([
      ['observe', 'machine/demo/m1/uid-2'],
      ['tell', ID],
    ]);
  });

  it('is not gone when only the cache lost it', async () => {
    const view = machineView();
    world.vanish(view);
    world.live.set(KEY, view.uid);
    world.clock.advance(DEPARTURE_GRACE_MS);
    await world.reconcile();
    expect(world.runs.calls).toEqual([]);
  });

  it('is told with what was seen last when it goes after it could not be read', async () => {
    const view = machineView({ deletedForMove: true });
    world.vanish(view);
    world.live.set(KEY, view.uid);
    world.clock.advance(DEPARTURE_GRACE_MS);
    expect(await world.reconcile()).toEqual({});
    world.live.set(KEY, undefined);
    await world.reconcile();
    expect(world.runs.calls).toMatchObject([{ kind: 'tell', snapshot: { gone: true, deletedForMove: true } }]);
  });

  it('is not told of what was seen before it came back', async () => {
    const view = machineView({ deletedForMove: true });
    world.vanish(view);
    const back = machineView({ observedInputs: 'other' });
    world.machines.set(back);
    await world.reconcile();
    world.vanish(back);
    world.clock.advance(DEPARTURE_GRACE_MS);
    await world.reconcile();
    expect(world.runs.calls).toMatchObject([
      { kind: 'observe' },
      { kind: 'tell', snapshot: { deletedForMove: false } },
    ]);
  });

  it('takes along the pause of its Cluster, whichever of the two is seen to go first', () => {
    const source = changeSource<CapiClusterView>();
    const clusters = rememberVanishedClusters(source, world.clusters);
    const seen = () => takeLastSnapshot(machineView(), { ...world.caches, capiClusters: clusters });
    const paused = clusterView({ paused: true });
    world.clusters.delete(paused);
    source.emit({ namespace: 'demo', name: 'c1' }, undefined, paused);
    expect(seen()).toMatchObject({ paused: true, cluster: { name: 'c1' } });
    world.clusters.set(clusterView());
    source.emit({ namespace: 'demo', name: 'c1' }, clusterView(), undefined);
    expect(seen()).toMatchObject({ paused: false });
    world.clusters.delete(paused);
    expect(seen()).toMatchObject({ paused: false, cluster: null });
  });

  it('takes along the pause of an operator, of which only its status knows', () => {
    expect(takeLastSnapshot(machineView({ reportsPaused: true }), world.caches)).toMatchObject({ paused: true });
    expect(world.deps.takeSnapshot(machineView({ reportsPaused: true }))).toMatchObject({ paused: false });
  });

  it('is told again when Temporal could not be asked', async () => {
    world.vanish(machineView());
    world.clock.advance(DEPARTURE_GRACE_MS);
    world.runs.outage = new Error('unavailable');
    await expect(world.reconcile()).rejects.toThrow('unavailable');
    world.runs.outage = undefined;
    await world.reconcile();
    expect(world.runs.calls).toHaveLength(1);
  });
});

describe('resyncRuns', () => {
  const settle = (view: MachineView): MachineView => ({ ...view, observedInputs: world.fingerprint(view) });

  it('starts a machine whose run is lost, though its status is settled', async () => {
    world.machines.set(settle(machineView({ hasFinalizer: true, provisioned: true })));
    expect(await world.resync()).toEqual({ open: 0, missing: 1, replaced: 0, departed: 0 });
    await world.reconcile();
    await world.reconcile();
    expect(world.runs.calls.map(({ kind }) => kind)).toEqual(['observe']);
    expect(await world.resync()).toMatchObject({ open: 1, missing: 0 });
  });

  it.each([
    ['one that is settled', { provisioned: true }, 'adopted'],
    ['one on its way', {}, 'queue'],
    ['one that is deleted', { provisioned: true, deleting: true }, 'queue'],
  ] as const)('of a lost run: %s waits in the line %#', async (_what, changes, line) => {
    world.machines.set(settle(machineView({ hasFinalizer: true, ...changes })));
    await world.resync();
    expect([...world.queue, ...world.adopted]).toEqual([KEY]);
    expect([...world[line]]).toEqual([KEY]);
  });

  it('has nobody look at machines that are settled and have a run', async () => {
    for (let index = 0; index < 1_000; index += 1) {
      const view = machineView({ name: `m${index}`, uid: `uid-${index}`, hasFinalizer: true });
      world.machines.set(settle(view));
      world.runs.open.set(`machine/demo/m${index}/uid-${index}`, view);
    }
    expect(await world.resync()).toEqual({ open: 1_000, missing: 0, replaced: 0, departed: 0 });
    expect([...world.queue, ...world.adopted]).toEqual([]);
    expect(world.runs.calls).toEqual([]);
  });

  it('tells a run that was reset once more, though its status is settled', async () => {
    const view = settle(machineView({ hasFinalizer: true, provisioned: true }));
    world.machines.set(view);
    world.runs.open.set(ID, view);
    await world.resync();
    await world.reconcile();
    expect(world.runs.calls).toEqual([]);
    world.runs.runIds.set(ID, 'second');
    for (const replaced of [1, 0]) {
      expect(await world.resync()).toEqual({ open: 1, missing: 0, replaced, departed: 0 });
      await world.reconcile();
    }
    expect(world.runs.calls.map(({ kind }) => kind)).toEqual(['wake', 'observe']);
  });

  const listAndTell = async (times: number): Promise<string[]> => {
    for (let listing = 0; listing < times; listing += 1) {
      await world.resync();
      for (const key of world.queue) await world.reconcile(key);
    }
    return world.runs.calls.map(({ kind, id }) => `${kind} ${id}`);
  };

  it.each<[string, string | undefined, string[]]>([
    ['tells, once, a run that was reset before this bridge began', 'before/7', [`wake ${ID}`, `observe ${ID}`]],
    ['is silent towards the run that wrote the status', 'first/7', []],
    ['is silent towards a run that has not written a status yet', undefined, []],
  ])('%s', async (_what, statusWrittenBy, calls) => {
    const view = settle(machineView({ hasFinalizer: true, statusWrittenBy }));
    world.machines.set(view);
    world.runs.open.set(ID, view);
    expect(await listAndTell(3)).toEqual(calls);
  });

  it('does not tell a run again that it started itself in the place of a lost one', async () => {
    world.machines.set(settle(machineView({ hasFinalizer: true, statusWrittenBy: 'before/7' })));
    expect(await listAndTell(3)).toEqual([`observe ${ID}`]);
  });

  it('forgets none of the replaced runs when one cannot be told', async () => {
    const names = ['m1', 'm2', 'm3'];
    for (const name of names) {
      const view = settle(machineView({ name, uid: name, hasFinalizer: true, statusWrittenBy: 'before/7' }));
      world.machines.set(view);
      world.runs.open.set(`machine/demo/${name}/${name}`, view);
    }
    world.runs.deaf.add('machine/demo/m2/m2');
    const woken = (calls: string[]) => calls.filter((call) => call.startsWith('wake'));
    expect(woken(await listAndTell(2))).toEqual(['wake machine/demo/m1/m1', 'wake machine/demo/m3/m3']);
    world.runs.deaf.clear();
    expect(woken(await listAndTell(2)).slice(2)).toEqual(['wake machine/demo/m2/m2']);
  });

  it('does not take a run that was started a moment ago for lost', async () => {
    world.machines.set(machineView());
    await world.reconcile();
    world.runs.open.clear();
    expect(await world.resync()).toMatchObject({ missing: 0 });
  });

  it('tells a run whose object is gone and was never seen', async () => {
    world.runs.open.set(ID, { namespace: 'demo', name: 'm1', uid: 'uid-1' });
    expect(await world.resync()).toMatchObject({ departed: 1 });
    world.clock.advance(DEPARTURE_GRACE_MS);
    await world.reconcile();
    expect(world.runs.calls).toMatchObject([{ kind: 'tell', id: ID, snapshot: { gone: true } }]);
  });

  it('looks again for an object that left the cache and is there, until it is gone', async () => {
    world.runs.open.set(ID, { namespace: 'demo', name: 'm1', uid: 'uid-1' });
    world.live.set(KEY, 'uid-1');
    for (const gone of [false, false, true]) {
      if (gone) world.live.set(KEY, undefined);
      world.queue.clear();
      await world.resync();
      world.clock.advance(DEPARTURE_GRACE_MS);
      if (world.queue.has(KEY)) await world.reconcile();
      expect(world.runs.calls).toHaveLength(gone ? 1 : 0);
    }
  });

  it('tells a run that cannot end of it once, however often it is listed, and one that starts over again', async () => {
    const run = { namespace: 'demo', name: 'm1', uid: 'uid-1' };
    world.runs.open.set(ID, run);
    for (const runId of ['first', 'first', 'second', 'second']) {
      world.runs.runIds.set(ID, runId);
      expect(await world.resync()).toMatchObject({ departed: 1 });
      world.clock.advance(DEPARTURE_GRACE_MS);
      await world.reconcile();
    }
    expect(world.runs.calls).toMatchObject([{ kind: 'tell' }, { kind: 'tell' }]);
  });

  it('leaves runs of a namespace alone that the cache does not hold', async () => {
    world.runs.open.set('machine/other/m1/uid-9', { namespace: 'other', name: 'm1', uid: 'uid-9' });
    expect(await world.resync('demo')).toEqual({ open: 0, missing: 0, replaced: 0, departed: 0 });
    expect(world.queue.size).toBe(0);
    expect(await world.resync()).toMatchObject({ departed: 1 });
  });

  it('forgets missing runs of machines that are gone', async () => {
    world.deps.missingRuns.add('uid-of-nobody');
    await world.resync();
    expect(world.deps.missingRuns.size).toBe(0);
  });
});

describe('who waits for its run', () => {
  const unattended = async (world: ReturnType<typeof createWorld>): Promise<number> => {
    world.clock.advance(UNATTENDED_AFTER_MS);
    return world.deps.unattended.overdue().length;
  };

  it('is a machine that was told and has not answered, also when it could not be told', async () => {
    const world = createWorld();
    world.machines.set(machineView());
    world.runs.outage = new Error('unavailable');
    await expect(world.reconcile()).rejects.toThrow('unavailable');
    expect(await unattended(world)).toBe(1);
    expect(world.deps.unattended.overdue()[0]?.undelivered).toBe('unavailable');
    world.runs.outage = undefined;
    await world.reconcile();
    expect(world.deps.unattended.overdue()[0]?.undelivered).toBeUndefined();
  });

  it('is no machine whose run has answered', async () => {
    const world = createWorld();
    const view = machineView();
    world.machines.set(view);
    await world.reconcile();
    world.machines.set(machineView({ resourceVersion: '2', observedInputs: world.fingerprint(view) }));
    await world.reconcile();
    expect(await unattended(world)).toBe(0);
  });
});
