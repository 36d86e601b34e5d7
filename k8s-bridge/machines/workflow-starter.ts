import type { MachineView } from '../../domain/inputs/machine-view.ts';
import { keyText } from '../../domain/pool/indexes.ts';
import type { DepartedMachines } from './departed.ts';
import { forEachLimited } from '../reconcile/for-each-limited.ts';
import { isReleased } from './reconciler.ts';
import type { MachineRuns } from '../runs/machine-runs.ts';
import type { ListingTrust, OpenRun } from '../runs/open-runs.ts';
import type { PacedStarts } from './paced-starts.ts';
import type { PauseTeller } from './pause-teller.ts';
import type { ReplacedRuns } from './replaced-runs.ts';
import type { ReadStore, ReconcilerLogger } from '../reconcile/ports.ts';
import type { SentSnapshots } from './sent-snapshots.ts';

/** Visibility shows a new run after a moment; who was told within this time has one. */
const VISIBILITY_LAG_MS = 60_000;
const PARALLEL_WAKES = 16;

export interface WorkflowStarterDeps {
  machines: Pick<ReadStore<MachineView>, 'get' | 'list'>;
  runs: Pick<MachineRuns, 'listOpen' | 'wake'>;
  sent: SentSnapshots;
  departed: DepartedMachines;
  starts: Pick<PacedStarts, 'isWaiting'>;
  missingRuns: Set<string>;
  replaced: ReplacedRuns;
  pauses: PauseTeller;
  enqueue: (key: string) => void;
  /** Has the run of a settled machine started as soon as workers have time for it. */
  adopt: (key: string) => void;
  /** The namespace whose machines the cache holds; undefined: all. */
  watchNamespace: string | undefined;
  /** Told of the uids of the machines that have an open run. */
  noteOpenRuns?: ((uids: ReadonlySet<string>) => void) | undefined;
  logger: Pick<ReconcilerLogger, 'warn'>;
}

export interface ResyncReport {
  open: number;
  /** Machines without an open run, as far as the listing knows. */
  missing: number;
  /** Machines whose run is another than the one that was told. */
  replaced: number;
  /** Open runs whose object is not in the cache. */
  departed: number;
}

/** Each machine that ought to have a run has the one that is known, and no other run is open. */
export function agrees({ missing, replaced, departed }: ResyncReport): boolean {
  return missing + replaced + departed === 0;
}

/**
 * Lists the open runs once and compares them with the cache: a machine without a run is started even if its status says
 * that everything was acted on (Temporal lost its data, or somebody terminated the run), one whose run was reset is told
 * again, a run without an object is told, and the object of one that is paused in Temporal says so. The listing may lag; that is harmless, because a start is a
 * signalWithStart, which joins a run that exists, and before a run is told that its object is gone the API server is
 * asked.
 */
export async function resyncRuns(deps: WorkflowStarterDeps, trust: ListingTrust): Promise<ResyncReport> {
  const { machines, departed, missingRuns, enqueue } = deps;
  const open = await listWatched(deps, trust);
  deps.noteOpenRuns?.(new Set(open.map(({ uid }) => uid)));
  const report: ResyncReport = { open: open.length, missing: 0, replaced: 0, departed: 0 };
  const uids = await compareMachines(open, report, deps);
  for (const uid of missingRuns) if (!uids.has(uid)) missingRuns.delete(uid);
  const departures = open.filter((machine) => machines.get(machine)?.uid !== machine.uid);
  report.departed = departures.length;
  for (const key of departed.addListed(departures)) enqueue(key);
  await tellPauses(open, deps);
  return report;
}

/** Who fails is tried again the next time. */
async function tellPauses(open: readonly OpenRun[], { pauses, logger }: WorkflowStarterDeps): Promise<void> {
  try {
    await pauses.tell(open);
  } catch (error) {
    logger.warn({ err: error }, 'Could not say which runs are paused in Temporal');
  }
}

/** The open runs whose objects the cache holds if they exist. */
async function listWatched({ runs, watchNamespace }: WorkflowStarterDeps, trust: ListingTrust): Promise<OpenRun[]> {
  const open = await runs.listOpen(trust);
  return watchNamespace === undefined ? open : open.filter(({ namespace }) => namespace === watchNamespace);
}

/** Looks at each machine; answers their uids. */
async function compareMachines(
  open: readonly OpenRun[],
  report: ResyncReport,
  deps: WorkflowStarterDeps,
): Promise<ReadonlySet<string>> {
  const runIds = new Map(open.map(({ uid, runId }) => [uid, runId]));
  const uids = new Set<string>();
  const replaced: ReplacedRun[] = [];
  for (const view of deps.machines.list()) {
    uids.add(view.uid);
    // The run of a released machine has ended, or is about to; that of one that waits for its turn is about to begin.
    const isKnown = isReleased(view) || deps.starts.isWaiting(view.uid);
    const found = isKnown ? 'known' : findRun(view, runIds.get(view.uid), deps);
    if (found !== 'known') deps.missingRuns.add(view.uid);
    if (found === 'missing') report.missing += 1;
    if (typeof found === 'object') replaced.push(found);
    if (found === 'known') continue;
    if (found === 'missing' && isSettled(view)) deps.adopt(keyText(view));
    else deps.enqueue(keyText(view));
  }
  report.replaced = replaced.length;
  deps.replaced.keepOnly(uids);
  await wakeReplaced(replaced, deps);
  return uids;
}

/** Nothing is to be done for it but to look, whatever its run was at. */
function isSettled({ provisioned, deleting }: MachineView): boolean {
  return provisioned && !deleting;
}

interface ReplacedRun {
  view: MachineView;
  runId: string;
}

function findRun(
  view: MachineView,
  runId: string | undefined,
  { replaced, sent }: WorkflowStarterDeps,
): 'known' | 'missing' | ReplacedRun {
  if (runId !== undefined && replaced.isReplaced(view, runId)) return { view, runId };
  replaced.note(view.uid, runId);
  return runId === undefined && !sent.wasSentWithin(view.uid, VISIBILITY_LAG_MS) ? 'missing' : 'known';
}

/** A replaced run may wait, without a change of inputs to come, for what happened long ago. Who fails is tried again. */
async function wakeReplaced(found: readonly ReplacedRun[], deps: WorkflowStarterDeps): Promise<void> {
  const { runs, replaced, logger } = deps;
  const failures = await forEachLimited(found, PARALLEL_WAKES, async ({ view, runId }) => {
    await runs.wake(view);
    replaced.note(view.uid, runId);
  });
  if (failures.length === 0) return;
  const err = new AggregateError(failures, `${failures.length} of ${found.length} replaced runs failed`);
  logger.warn({ err }, 'Could not wake replaced runs');
}
