import { setTimeout as sleep } from 'node:timers/promises';
import type { ServiceKind } from '../../dev/lab/services.ts';
import type { StallKind } from './command.ts';
import type { Outcome, Scene } from './outcome.ts';

/* What becomes of worker and bridge, and of what they reach. */

/** Kills a process that runs, or starts one that was killed. */
export async function switchProcess({ lane, model }: Scene, kind: ServiceKind, down: boolean): Promise<Outcome> {
  const key = kind === 'worker' ? 'workerDown' : 'bridgeDown';
  if (model[key] === down) return 'skipped';
  model[key] = down;
  await (down ? lane.crew.kill(kind) : lane.crew.start(kind));
  return 'done';
}

/** A worker of a new build starts beside the one that works, and becomes the current one. */
export async function startNextBuild({ lane, model }: Scene): Promise<Outcome> {
  if (model.workerDown || model.temporalBack !== undefined) return 'skipped';
  await lane.crew.startNextBuild();
  return 'done';
}

/** The watches of a kind bring nothing any more, and nobody tells who watches. */
export function stallWatch({ lane, model }: Scene, who: ServiceKind, kind: StallKind): Outcome {
  const stalled = `${kind} of the ${who}`;
  if (model.stalled.has(stalled)) return 'skipped';
  model.stalled.add(stalled);
  lane.stalls[who].stall(kind);
  return 'done';
}

export function resumeWatches({ lane, model }: Scene): Outcome {
  if (model.stalled.size === 0) return 'skipped';
  model.stalled.clear();
  for (const stalls of Object.values(lane.stalls)) stalls.resume();
  return 'done';
}

/** Temporal is away for worker and bridge. */
export function cutTemporal({ lane, model }: Scene, seconds: number): Outcome {
  if (model.temporalBack !== undefined) return 'skipped';
  lane.wayToTemporal.cut();
  model.temporalBack = sleep(seconds * 1_000).then(() => {
    lane.wayToTemporal.open();
    model.temporalBack = undefined;
  });
  return 'done';
}

/** The database of the journal is away for the worker. */
export function cutJournal({ lane, model }: Scene, seconds: number): Outcome {
  if (model.journalBack !== undefined) return 'skipped';
  lane.wayToJournal.cut();
  model.journalBack = sleep(seconds * 1_000).then(() => {
    lane.wayToJournal.open();
    model.journalBack = undefined;
  });
  return 'done';
}
