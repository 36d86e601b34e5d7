import type { ObjectKey } from '../../api/meta.ts';
import type { CapiClusterView, CapiMachineView } from '../../domain/inputs/capi-view.ts';
import type { HostView } from '../../domain/inputs/host-view.ts';
import type { OperatorVerb, PlanAnswer } from '../../domain/life/machine-life.ts';
import type { MachineRef, MachineSnapshot } from '../../domain/inputs/machine-snapshot.ts';
import { noPreference } from '../../domain/inputs/preference.ts';
import type { MachineView } from '../../domain/inputs/machine-view.ts';
import { keyText } from '../../domain/pool/indexes.ts';
import type { MachineRuns, OperationVerdict } from '../../k8s-bridge/runs/machine-runs.ts';
import type { OpenRun } from '../../k8s-bridge/runs/open-runs.ts';
import type { RunSight } from '../../k8s-bridge/runs/run-sight.ts';
import type { ChangeSource } from '../../k8s-bridge/machines/triggers.ts';
import type { ReadStore } from '../../k8s-bridge/reconcile/ports.ts';
import type { TemporalPause } from '../../domain/report/pause-news.ts';
import { machineWorkflowId } from '../../domain/life/run-id.ts';
import { parseKey } from '../../runtime/kube/object-key.ts';

export const T0 = Date.parse('2026-01-01T00:00:00Z');

/** A machine that CAPI has just set up: owned, labelled, nothing provisioned. */
export function machineView(changes: Partial<MachineView> = {}): MachineView {
  return {
    namespace: 'demo',
    name: 'm1',
    uid: 'uid-1',
    resourceVersion: '1',
    creationTimestamp: '2026-01-01T00:00:00Z',
    deleting: false,
    hasFinalizer: false,
    pausedByAnnotation: false,
    reportsPaused: false,
    deletedForMove: false,
    ownerMachine: 'capi-m1',
    clusterName: 'c1',
    isControlPlane: false,
    pool: 'workers',
    preference: noPreference,
    providerID: undefined,
    phase: undefined,
    inventory: undefined,
    planSecret: undefined,
    nodeName: undefined,
    avoidedHosts: [],
    awaitedFailureDomain: undefined,
    waitsForHost: false,
    waitsForSlot: false,
    lastPlan: undefined,
    hostReason: undefined,
    bootstrapReason: undefined,
    imageReason: undefined,
    readyReason: undefined,
    unreadySince: undefined,
    overdue: undefined,
    provisioned: false,
    reportsBooted: false,
    observedInputs: undefined,
    statusWrittenBy: undefined,
    statusEditedAt: undefined,
    operation: undefined,
    operationId: undefined,
    ...changes,
  };
}

export function capiMachineView(changes: Partial<CapiMachineView> = {}): CapiMachineView {
  return {
    namespace: 'demo',
    name: 'capi-m1',
    uid: 'capi-uid-1',
    resourceVersion: '1',
    deleting: false,
    clusterName: 'c1',
    version: 'v1.31.0',
    failureDomain: undefined,
    bootstrapSecret: 'boot-1',
    nodeName: undefined,
    bootstrapSays: undefined,
    nodeSays: undefined,
    ...changes,
  };
}

export function clusterView(changes: Partial<CapiClusterView> = {}): CapiClusterView {
  return {
    namespace: 'demo',
    name: 'c1',
    uid: 'c-uid',
    resourceVersion: '1',
    paused: false,
    controlPlaneEndpoint: undefined,
    controlPlane: undefined,
    infrastructureReady: true,
    infrastructureSays: undefined,
    registry: undefined,
    ...changes,
  };
}

export function hostView(changes: Partial<HostView> = {}): HostView {
  return {
    namespace: 'demo',
    name: 'h1',
    uid: 'h-uid',
    resourceVersion: '1',
    deleting: false,
    ready: false,
    planSecretName: 'h1-plan',
    failureDomain: undefined,
    hardware: undefined,
    addresses: [],
    takenBySelector: false,
    storageUnprepared: false,
    storageBusy: false,
    annotationsFull: false,
    quarantined: false,
    failedReprovision: undefined,
    failures: 0,
    lastGroup: undefined,
    acceptance: undefined,
    operation: undefined,
    allocationState: 'Reprovisioning',
    pool: 'workers',
    owner: { cluster: 'c1', machine: 'capi-m1', baremetalMachine: 'm1', uid: 'uid-1' },
    plan: undefined,
    ...changes,
  };
}

/** An informer's store without the informer. */
export class MemoryStore<T extends ObjectKey> implements ReadStore<T> {
  readonly #items = new Map<string, T>();
  readonly #problems = new Map<string, string>();
  readonly #indexes: Record<string, (item: T) => string | undefined>;

  constructor(items: readonly T[] = [], indexes: Record<string, (item: T) => string | undefined> = {}) {
    this.#indexes = indexes;
    for (const item of items) this.set(item);
  }

  /** The object is there and cannot be read. */
  spoil(key: ObjectKey, problem: string): void {
    this.delete(key);
    this.#problems.set(keyText(key), problem);
  }

  problemOf(key: ObjectKey): string | undefined {
    return this.#problems.get(keyText(key));
  }

  listUnreadable(): Iterable<ObjectKey> {
    return Array.from(this.#problems.keys(), parseKey);
  }

  set(item: T): void {
    this.#problems.delete(keyText(item));
    this.#items.set(keyText(item), item);
  }

  delete(key: ObjectKey): void {
    this.#items.delete(keyText(key));
  }

  get(key: ObjectKey): T | undefined {
    return this.#items.get(keyText(key));
  }

  list(): Iterable<T> {
    return this.#items.values();
  }

  byIndex(index: string, value: string): T[] {
    const indexOf = this.#indexes[index];
    if (indexOf === undefined) throw new Error(`No index ${index}`);
    return [...this.#items.values()].filter((item) => indexOf(item) === value);
  }
}

type ChangeHandler<T> = Parameters<ChangeSource<T>['onChange']>[0];

/** An informer's way to tell of changes without the informer. */
export function changeSource<T>() {
  const handlers: ChangeHandler<T>[] = [];
  return {
    onChange: (handler: ChangeHandler<T>) => void handlers.push(handler),
    emit: (...change: Parameters<ChangeHandler<T>>) => handlers.forEach((handler) => handler(...change)),
  };
}

export type RunCall =
  | { kind: 'observe' | 'tell'; id: string; snapshot: MachineSnapshot }
  | { kind: 'wake'; id: string }
  | { kind: 'end'; id: string; runId: string }
  | { kind: 'operate'; id: string; verb: OperatorVerb }
  | { kind: 'complete'; id: string; activityIds: readonly string[]; answer: PlanAnswer };

/** Temporal as the bridge sees it: runs that are open, activities that are waited for, and a record of all calls. */
export class MemoryRuns implements MachineRuns {
  readonly calls: RunCall[] = [];
  readonly open = new Map<string, MachineRef>();
  /** Ids of runs that are not the first of their machine. */
  readonly runIds = new Map<string, string>();
  /** `workflow id/activity id` of activities that are pending. */
  readonly pending = new Set<string>();
  /** Not undefined: every call fails with it. */
  outage: Error | undefined;
  /** What is paused, by workflow id. */
  readonly paused = new Map<string, TemporalPause[]>();
  /** Not undefined: Temporal hands no update to a run, for this reason. */
  refusesUpdates: string | undefined;
  /** Ids of runs that cannot be woken. */
  readonly deaf = new Set<string>();
  /** What open runs look like from outside; those that are not in here rest. */
  readonly sights = new Map<string, RunSight>();
  /** Ids of runs for which a worker has something to do. */
  readonly busy = new Set<string>();
  /** Calls that failed. */
  refused = 0;

  async observe(machine: MachineRef, snapshot: MachineSnapshot): Promise<void> {
    this.#check();
    this.calls.push({ kind: 'observe', id: machineWorkflowId(machine), snapshot });
    this.open.set(machineWorkflowId(machine), machine);
  }

  async tell(machine: MachineRef, snapshot: MachineSnapshot): Promise<'told' | 'noRun'> {
    this.#check();
    this.calls.push({ kind: 'tell', id: machineWorkflowId(machine), snapshot });
    return this.open.has(machineWorkflowId(machine)) ? 'told' : 'noRun';
  }

  async wake(machine: MachineRef): Promise<'woken' | 'noRun'> {
    this.#check();
    if (this.deaf.has(machineWorkflowId(machine))) throw new Error('too many signals');
    this.calls.push({ kind: 'wake', id: machineWorkflowId(machine) });
    return this.open.has(machineWorkflowId(machine)) ? 'woken' : 'noRun';
  }

  async completePlan(
    machine: MachineRef,
    activityIds: readonly string[],
    answer: PlanAnswer,
  ): Promise<'completed' | 'notWaiting'> {
    this.#check();
    const id = machineWorkflowId(machine);
    this.calls.push({ kind: 'complete', id, activityIds, answer });
    const completed = activityIds.find((activityId) => this.pending.delete(`${id}/${activityId}`));
    return completed === undefined ? 'notWaiting' : 'completed';
  }

  async operate(machine: MachineRef, verb: OperatorVerb): Promise<OperationVerdict> {
    this.#check();
    const id = machineWorkflowId(machine);
    this.calls.push({ kind: 'operate', id, verb });
    if (this.refusesUpdates !== undefined) return { kind: 'deaf', answer: this.refusesUpdates };
    return this.open.has(id) ? { kind: 'accepted', answer: 'done' } : { kind: 'noRun', answer: 'no run' };
  }

  async isAtRest(machine: MachineRef): Promise<boolean> {
    this.#check();
    return !this.busy.has(machineWorkflowId(machine));
  }

  async hasOpenRun(machine: MachineRef): Promise<boolean> {
    this.#check();
    return this.open.has(machineWorkflowId(machine));
  }

  async look(machine: MachineRef): Promise<RunSight> {
    this.#check();
    const id = machineWorkflowId(machine);
    return this.open.has(id) ? (this.sights.get(id) ?? { kind: 'rests' }) : { kind: 'noRun' };
  }

  async end(machine: MachineRef, runId: string): Promise<void> {
    this.#check();
    const id = machineWorkflowId(machine);
    this.calls.push({ kind: 'end', id, runId });
    this.open.delete(id);
  }

  async listOpen(): Promise<OpenRun[]> {
    this.#check();
    return [...this.open].map(([id, machine]) => ({
      ...machine,
      runId: this.runIds.get(id) ?? 'first',
      paused: this.paused.has(id),
    }));
  }

  async readPauses(run: OpenRun): Promise<TemporalPause[]> {
    this.#check();
    return this.paused.get(machineWorkflowId(run)) ?? [];
  }

  #check(): void {
    if (this.outage === undefined) return;
    this.refused += 1;
    throw this.outage;
  }
}

/** The same clock for everything under test; moves only when told. */
export class ManualClock {
  #nowMs = T0 + 60_000;

  readonly nowMs = (): number => this.#nowMs;

  advance(ms: number): void {
    this.#nowMs += ms;
  }
}

export const silentLogger = { info: () => {}, warn: () => {} };
