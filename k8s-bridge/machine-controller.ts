import { baremetalMachines, objectMetaOnlySchema } from '../api/resources.ts';
import type { MachineRef } from '../domain/inputs/machine-snapshot.ts';
import type { MachineView } from '../domain/inputs/machine-view.ts';
import { keyText } from '../domain/pool/indexes.ts';
import type { BridgeCaches } from './caches.ts';
import { type ControllerDeps, createQueue, monotonicNowMs, storesOf } from './controller-deps.ts';
import { Adoptions } from './machines/adoptions.ts';
import { believedRuns } from './machines/believed-runs.ts';
import { DepartedMachines } from './machines/departed.ts';
import { takeLastSnapshot, takeSnapshot } from './machines/caches.ts';
import { HostSuspicions } from './machines/host-suspicions.ts';
import { type MachineReconcilerDeps, reconcileMachine } from './machines/reconciler.ts';
import { connectMachineTriggers } from './machines/triggers.ts';
import { rememberVanishedClusters } from './machines/vanished-clusters.ts';
import { PacedStarts } from './machines/paced-starts.ts';
import { createPauseTeller } from './machines/pause-teller.ts';
import { ReplacedRuns } from './machines/replaced-runs.ts';
import { SentSnapshots } from './machines/sent-snapshots.ts';
import type { ListingTrust, OpenRun } from './runs/open-runs.ts';
import { type ResyncReport, resyncRuns } from './machines/workflow-starter.ts';
import type { Workqueue } from './queue/workqueue.ts';

const STUCK =
  'This run had a task when somebody paused it in Temporal, or the worker that had it was lost: the server gives it to nobody any more; another run takes over what it finds';

/** Machines that are told at the same time; the API server and Temporal are asked by at most as many. */
const WORKERS = 32;

export interface MachineController {
  queue: Workqueue;
  /** Starts the runs of settled machines that `resync` has found without one, until the signal aborts. */
  adopt(signal: AbortSignal): Promise<void>;
  /** The runs that are open if all is well, as the objects tell. */
  believedRuns(): OpenRun[];
  /** Compares the open runs with the machines. @throws when Temporal cannot list them */
  resync(trust: ListingTrust): Promise<ResyncReport>;
  /** Enqueues every machine there is. */
  lookAtAll(): void;
  /** Temporal has lost what the runs were told: nothing counts as told any more. */
  forgetTold(): void;
  /** Tells a waiting machine that there may be a host; one without a run gets one. */
  wake(view: MachineView): Promise<void>;
  /** Ends that run of a machine that is there, which is stuck, and gives it another one. @throws when Temporal does not answer */
  replaceRun(machine: MachineRef, runId: string): Promise<void>;
  /** Enqueues every machine there is and, from now on, those that a change concerns. */
  connect(): void;
}

/** Wires the reconciler of machines to caches, queue and memory. */
export function createMachineController(deps: ControllerDeps): MachineController {
  const { runs, caches, defaultRegistry, watchNamespace, noteOpenRuns, book, logger } = deps;
  const stores = storesOf(caches);
  const snapshotOf = (view: MachineView) => takeSnapshot(view, stores, defaultRegistry, book.places.textOf(view.uid));
  const starts = new PacedStarts({ nowMs: monotonicNowMs, enqueue: (key) => queue.add(key) });
  deps.noteStarts?.(starts);
  const machineDeps: MachineReconcilerDeps = {
    machines: stores.machines,
    takeSnapshot: snapshotOf,
    runs,
    sent: new SentSnapshots(monotonicNowMs),
    departed: createDepartedMachines(deps),
    suspicions: new HostSuspicions(monotonicNowMs),
    unattended: deps.unattended,
    missingRuns: new Set(),
    starts,
    logger,
    nowMs: () => Date.now(),
  };
  const queue = createQueue('machines', WORKERS, deps, (key) => reconcileMachine(key, machineDeps));
  const enqueue = (key: string): void => queue.add(key);
  const startAnew = (machine: MachineRef): void => {
    machineDeps.missingRuns.add(machine.uid);
    enqueue(keyText(machine));
  };
  const replaced = new ReplacedRuns();
  const { machines } = stores;
  const { missingRuns } = machineDeps;
  const adoptions = new Adoptions({ machines, runs, missingRuns, enqueue, nowMs: monotonicNowMs });
  const adopt = (key: string): void => adoptions.add(key);
  const pauses = createPauseTeller({ machines, runs, client: deps.kube, nowMs: machineDeps.nowMs });
  return {
    queue,
    adopt: (signal) => adoptions.run(signal),
    believedRuns: () => believedRuns(machines.list()),
    resync: (trust) =>
      resyncRuns(
        { ...machineDeps, machines, runs, replaced, pauses, enqueue, adopt, watchNamespace, noteOpenRuns },
        trust,
      ),
    lookAtAll() {
      for (const view of machines.list()) enqueue(keyText(view));
    },
    forgetTold() {
      machineDeps.sent.clear();
      machineDeps.departed.forgetTold();
    },
    async wake(view) {
      if ((await runs.wake(view)) === 'noRun') startAnew(view);
    },
    async replaceRun(machine, runId) {
      const { namespace, name, uid } = machine;
      // Nobody would start another one for an object that is gone.
      if (machines.get(machine)?.uid !== uid) return;
      logger.warn({ machine: `${namespace}/${name}`, uid, runId }, 'A run is stuck: another one takes over');
      await runs.end({ namespace, name, uid }, runId, STUCK);
      startAnew(machine);
    },
    connect() {
      const capiClusters = rememberVanishedClusters(caches.capiClusters, stores.capiClusters);
      // Before the triggers, so that the key finds its former object noted.
      noteDepartures(caches, (view) => {
        machineDeps.departed.add(view, takeLastSnapshot(view, { ...stores, capiClusters }));
        machineDeps.sent.forget(view.uid);
        machineDeps.suspicions.forget(view.uid);
        machineDeps.unattended.forget(view.uid);
        starts.leave(view.uid);
        machineDeps.missingRuns.delete(view.uid);
      });
      connectMachineTriggers(caches, stores, enqueue);
    },
  };
}

function createDepartedMachines({ kube, runs }: ControllerDeps): DepartedMachines {
  const metadataOf = { ...baremetalMachines, schema: objectMetaOnlySchema };
  return new DepartedMachines({
    runs,
    nowMs: monotonicNowMs,
    findUid: async (key) => (await kube.find(metadataOf, key))?.metadata.uid,
  });
}

/** An object vanished, or another one stands in its place. */
function noteDepartures({ machines }: BridgeCaches, note: (view: MachineView) => void): void {
  machines.onChange((_key, current, previous) => {
    if (previous !== undefined && current?.uid !== previous.uid) note(previous);
  });
}
