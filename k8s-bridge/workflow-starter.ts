import type { MachineView } from '../domain/machine-view.ts';
import { keyText } from '../domain/pool-indexes.ts';
import { machineWorkflowId } from '../workflows/ids.ts';
import type { DepartedMachines } from './departed-machines.ts';
import { isReleased } from './machine-reconciler.ts';
import type { MachineRuns, OpenRun } from './machine-runs.ts';
import type { ReplacedRuns } from './replaced-runs.ts';
import type { ReadStore } from './reconciler-ports.ts';
import type { SentSnapshots } from './sent-snapshots.ts';

/** Visibility shows a new run after a moment; who was told within this time has one. */
const VISIBILITY_LAG_MS = 60_000;

export interface WorkflowStarterDeps {
  machines: Pick<ReadStore<MachineView>, 'get' | 'list'>;
  runs: Pick<MachineRuns, 'listOpen' | 'wake'>;
  sent: SentSnapshots;
  departed: DepartedMachines;
  missingRuns: Set<string>;
  replaced: ReplacedRuns;
  enqueue: (key: string) => void;
  /** The namespace whose machines the cache holds; undefined: all. */
  watchNamespace: string | undefined;
}

export interface ResyncReport {
  open: number;
  /** Machines without an open run, as far as the listing knows. */
  missing: number;
  /** Open runs whose object is not in the cache. */
  departed: number;
}

/**
 * Lists the open runs once and compares them with the cache: a machine without a run is started even if its status says
 * that everything was acted on (Temporal lost its data, or somebody terminated the run), one whose run was reset is told
 * again, and a run without an object is told. The listing may lag; that is harmless, because a start is a signalWithStart, which joins a run that exists, and
 * before a run is told that its object is gone the API server is asked.
 */
export async function resyncRuns(deps: WorkflowStarterDeps): Promise<ResyncReport> {
  const { machines, sent, departed, missingRuns, enqueue } = deps;
  const open = await listWatched(deps);
  const openIds = new Set(open.map(machineWorkflowId));
  const replaced = deps.replaced.update(open);
  const report: ResyncReport = { open: open.length, missing: 0, departed: 0 };
  const uids = new Set<string>();
  for (const view of machines.list()) {
    uids.add(view.uid);
    if (
      !isReleased(view) &&
      !openIds.has(machineWorkflowId(view)) &&
      !sent.wasSentWithin(view.uid, VISIBILITY_LAG_MS)
    ) {
      missingRuns.add(view.uid);
      report.missing += 1;
    }
    if (!isReleased(view) && replaced.has(view.uid)) {
      missingRuns.add(view.uid);
      // It may wait, without a change of inputs to come, for what happened long ago.
      await deps.runs.wake(view);
    }
    enqueue(keyText(view));
  }
  for (const uid of missingRuns) if (!uids.has(uid)) missingRuns.delete(uid);
  for (const machine of open) {
    if (machines.get(machine)?.uid === machine.uid) continue;
    departed.add(machine, undefined);
    report.departed += 1;
    enqueue(keyText(machine));
  }
  return report;
}

/** The open runs whose objects the cache holds if they exist. */
async function listWatched({ runs, watchNamespace }: WorkflowStarterDeps): Promise<OpenRun[]> {
  const open = await runs.listOpen();
  return watchNamespace === undefined ? open : open.filter(({ namespace }) => namespace === watchNamespace);
}
