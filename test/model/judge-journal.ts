import { endOfUse } from '../../domain/journal/host-entry.ts';
import { viewHost } from '../../domain/inputs/host-view.ts';
import { fromHostRow } from '../../journal/host-rows.ts';
import { fromRow } from '../../journal/rows.ts';
import { hostLabels } from '../support/host-labels.ts';
import type { HistoryEntry } from './history.ts';
import { isSameMachine } from './model-state.ts';
import { judgeJournal, type Tenure } from './journal-rules.ts';
import type { Scene } from './outcome.ts';

/**
 * Whether PostgreSQL tells the lives of the machines of a sequence as they were; answers what it does not, in words.
 * `uids`: names of the machines, all of them gone and their runs closed. `entries`: all that was seen.
 */
export async function inspectJournal(
  { lane, model }: Scene,
  uids: ReadonlyMap<string, string>,
  entries: readonly HistoryEntry[],
): Promise<string[]> {
  const ask = (table: string) =>
    lane.journal.query<object>(`select * from ironloom.${table} where namespace = $1 and machine_uid = any($2)`, [
      lane.namespace,
      [...uids.keys()],
    ]);
  const [ofRuns, ofBridge] = [await ask('journal'), await ask('host_journal')];
  return judgeJournal({
    entries: ofRuns.rows.map(fromRow),
    ends: ofBridge.rows.map(fromHostRow).flatMap(endOfUse),
    tenures: tenuresOf(entries),
    isEndedByHand: (uid) => model.endedByHand.has(uids.get(uid) ?? ''),
    isInTrouble: (host) => model.records.ever.has(host),
    isSame: (before, now) => isSameMachine(model, before, now),
  });
}

/** Who owned which host when, by what was seen of the inventories since all of them were free. */
function tenuresOf(entries: readonly HistoryEntry[]): Tenure[] {
  const tenures: Tenure[] = [];
  const open = new Map<string, Tenure>();
  for (const { seenAtMs, ...entry } of entries) {
    if (entry.kind !== 'host') continue;
    const { name: host, owner } = viewHost(entry.object, hostLabels);
    const uid = entry.gone ? undefined : owner?.uid;
    const current = open.get(host);
    if (current?.uid === uid) continue;
    const atMs = performance.timeOrigin + seenAtMs;
    if (current !== undefined) current.toMs = atMs;
    open.delete(host);
    if (uid === undefined) continue;
    const tenure = { host, uid, fromMs: atMs, toMs: null };
    open.set(host, tenure);
    tenures.push(tenure);
  }
  return tenures;
}
