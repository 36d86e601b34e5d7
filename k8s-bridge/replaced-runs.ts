import type { OpenRun } from './machine-runs.ts';

/**
 * Which run each machine had at the last listing. A run that was reset without its later signals may know less than it
 * was told, and than the status says: nobody but the listing shows it.
 */
export class ReplacedRuns {
  #runIdByUid: ReadonlyMap<string, string> = new Map();

  /** Takes a new listing. Answers the uids of machines that have another run than at the listing before. */
  update(open: readonly OpenRun[]): ReadonlySet<string> {
    const before = this.#runIdByUid;
    this.#runIdByUid = new Map(open.map(({ uid, runId }) => [uid, runId]));
    const replaced = open.filter(({ uid, runId }) => before.has(uid) && before.get(uid) !== runId);
    return new Set(replaced.map(({ uid }) => uid));
  }
}
