import type { MachineRuns } from './machine-runs.ts';
import type { OpenRun } from './open-runs.ts';

/** A listing may lag so much: a bridge that stands by first, or whose caches fill slowly, lists when it leads. */
const FRESH_MS = 30_000;

/**
 * Lists the open runs now, while the bridge still lists what stands in the API server: ten thousand take Temporal seconds.
 * The first who asks for them within half a minute gets that listing, all others one of their own. `runs` keeps its contract:
 * a listing lags anyway.
 */
export function listAhead(runs: MachineRuns): MachineRuns {
  let ahead: Promise<OpenRun[] | undefined> | undefined = runs.listOpen('nothing').catch(() => undefined);
  setTimeout(() => (ahead = undefined), FRESH_MS).unref();
  return {
    ...runs,
    async listOpen(trust) {
      const begun = ahead;
      ahead = undefined;
      return (await begun) ?? runs.listOpen(trust);
    },
  };
}
