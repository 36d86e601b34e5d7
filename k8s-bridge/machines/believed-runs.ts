import type { MachineView } from '../../domain/inputs/machine-view.ts';
import type { OpenRun } from '../runs/open-runs.ts';
import { isReleased } from './reconciler.ts';

/** The runs that must be open if all is well: each machine that has a status has the run that wrote it. */
export function believedRuns(machines: Iterable<MachineView>): OpenRun[] {
  const runs: OpenRun[] = [];
  for (const view of machines) {
    const runId = view.statusWrittenBy?.split('/')[0];
    if (runId === undefined || isReleased(view)) continue;
    const { namespace, name, uid } = view;
    runs.push({ namespace, name, uid, runId, paused: false });
  }
  return runs;
}
