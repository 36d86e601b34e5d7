import type { MachineSnapshot } from '../../domain/inputs/machine-snapshot.ts';
import type { MachineView } from '../../domain/inputs/machine-view.ts';
import { fingerprintSnapshot } from '../../domain/inputs/snapshot-fingerprint.ts';
import type { DepartedMachines } from './departed.ts';
import type { HostSuspicions } from './host-suspicions.ts';
import type { PacedStarts } from './paced-starts.ts';
import type { MachineRuns } from '../runs/machine-runs.ts';
import { parseKey } from '../../runtime/kube/object-key.ts';
import { rootMessage } from '../../runtime/temporal/connection.ts';
import type { ReadStore, ReconcilerLogger, ReconcileResult } from '../reconcile/ports.ts';
import { LOST_AFTER_MS, type SentSnapshots } from './sent-snapshots.ts';
import type { UnattendedMachines } from './unattended.ts';

/**
 * CAPI sets the ownerRef after it created the object, within seconds when it creates many: a run that starts before has
 * nothing to do. Waiting delays nobody, because the ownerRef itself brings the key back at once.
 */
export const OWNER_GRACE_MS = 10_000;

export interface MachineReconcilerDeps {
  machines: Pick<ReadStore<MachineView>, 'get'>;
  takeSnapshot: (view: MachineView) => MachineSnapshot;
  runs: Pick<MachineRuns, 'observe' | 'tell'>;
  sent: SentSnapshots;
  departed: DepartedMachines;
  suspicions: HostSuspicions;
  unattended: UnattendedMachines;
  /** uids of machines whose run is missing or was replaced: told whatever was told before, and taken out then. */
  missingRuns: Set<string>;
  /** Whose turn it is to have a run begun. */
  starts: PacedStarts;
  logger: ReconcilerLogger;
  /** Wall clock. */
  nowMs: () => number;
}

/**
 * Tells the machine's run what is seen now, unless it knows; starts the run if there is none.
 * @throws when Temporal cannot be asked; nothing is remembered then and the key is to be tried again
 */
export async function reconcileMachine(key: string, deps: MachineReconcilerDeps): Promise<ReconcileResult> {
  const present = deps.machines.get(parseKey(key));
  if (present !== undefined) deps.departed.returned(present);
  const departureMs = await deps.departed.tellRuns(key);
  const view = deps.machines.get(parseKey(key));
  const ownerMs = view === undefined ? undefined : await tellRun(view, deps);
  const requeueAfterMs = Math.min(departureMs ?? Infinity, ownerMs ?? Infinity);
  return Number.isFinite(requeueAfterMs) ? { requeueAfterMs } : {};
}

/** The object is being deleted and holds no finalizer of ours: its run let it go, or it never had a run. */
export function isReleased({ deleting, hasFinalizer }: MachineView): boolean {
  return deleting && !hasFinalizer;
}

async function tellRun(view: MachineView, deps: MachineReconcilerDeps): Promise<number | undefined> {
  const { runs, sent, unattended, missingRuns, takeSnapshot, logger } = deps;
  if (isReleased(view) && view.phase === undefined) return undefined;
  const ownerGraceLeftMs = waitForOwner(view, deps.nowMs());
  if (ownerGraceLeftMs > 0) return ownerGraceLeftMs;
  deps.starts.see(view);
  const seen = takeSnapshot(view);
  const seenAs = fingerprintSnapshot(seen);
  const missing = missingRuns.has(view.uid);
  const suspicionMs = deps.suspicions.waitMs(view.uid, seen);
  if (isReleased(view) || view.observedInputs === seenAs) unattended.forget(view.uid);
  const bootMs = deps.suspicions.bootWaitMs(view, seen);
  const wordsMs = deps.suspicions.wordsWaitMs(view.uid, seen);
  if (sent.isKnown(view, seenAs) && !missing) return sent.leftMs(view);
  const { hostTrouble, boot, waitsFor, ...certain } = seen;
  const snapshot = {
    ...certain,
    ...(hostTrouble !== undefined && suspicionMs === 0 && { hostTrouble }),
    ...(boot !== undefined && bootMs === 0 && { boot }),
    ...(waitsFor !== undefined && wordsMs === 0 && { waitsFor }),
  };
  const fingerprint = fingerprintSnapshot(snapshot);
  const doubts = [suspicionMs, bootMs, wordsMs].filter((waitMs) => waitMs > 0);
  const lookAgainMs = () => Math.min(...doubts, sent.leftMs(view) ?? Infinity);
  if (sent.isKnown(view, fingerprint) && !missing) return lookAgainMs();
  const { namespace, name, uid } = view;
  const machine = { namespace, name, uid };
  const released = isReleased(view);
  if (released) {
    // Its run has ended, or is about to: a new one would find nothing to do.
    await runs.tell(machine, snapshot);
  } else {
    const startMs = deps.starts.waitMs(view);
    if (startMs > 0) return startMs;
    unattended.note(view);
    if (missing && view.observedInputs !== undefined)
      logger.info({ machine: key(view), uid }, 'Telling a machine whose run is missing or was replaced');
    try {
      await runs.observe(machine, snapshot, { cluster: snapshot.cluster?.name ?? view.clusterName, pool: view.pool });
    } catch (error) {
      unattended.noteDelivery(uid, rootMessage(error));
      throw error;
    }
    unattended.noteDelivery(uid, undefined);
  }
  missingRuns.delete(uid);
  sent.remember(view, fingerprint, released ? Infinity : LOST_AFTER_MS);
  return lookAgainMs();
}

/** Milliseconds that CAPI may still take to set the ownerRef; a creation time in the future (skewed clocks) counts not. */
function waitForOwner(view: MachineView, nowMs: number): number {
  if (view.ownerMachine !== undefined || view.deleting || view.phase !== undefined) return 0;
  const ageMs = nowMs - Date.parse(view.creationTimestamp);
  return ageMs >= 0 && ageMs < OWNER_GRACE_MS ? OWNER_GRACE_MS - ageMs : 0;
}

function key({ namespace, name }: MachineView): string {
  return `${namespace}/${name}`;
}
