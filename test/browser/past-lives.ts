import type { JournalEntry } from '../../domain/journal/entry.ts';
import { entry } from '../domain/journal/journal-fixtures.ts';
import { NOW } from './visitor.ts';

const HOUR = 3_600_000;
const MINUTE = 60_000;

interface Life {
  host: string;
  pool: string;
  /** Hours before now. */
  from: number;
  /** Hours before now; undefined: it lasts. */
  to?: number;
  failed?: true;
}

/** What a month left of the fleet of `every-state.ts`: a host that failed before, a pool that grew and one that did not. */
export function pastLives(): JournalEntry[] {
  const lives: Life[] = [
    { host: 'web-09', pool: 'web', from: 690, to: 400 },
    { host: 'web-09', pool: 'web', from: 390, to: 388, failed: true },
    { host: 'web-09', pool: 'web', from: 30.5, failed: true },
  ];
  for (const host of ['cp-1', 'cp-2', 'cp-3']) lives.push({ host, pool: 'masters', from: 700 });
  for (let at = 1; at <= 24; at++) {
    const host = `web-${String(at).padStart(2, '0')}`;
    if (host === 'web-09') continue;
    if (at % 4 === 0) lives.push({ host, pool: 'web', from: 690 - at * 5, to: 420 - at * 7 });
    lives.push({ host, pool: 'web', from: at % 4 === 0 ? 160 - at * 4 : 680 - at * 25 });
  }
  for (const at of [1, 2, 3]) lives.push({ host: `db-${at}`, pool: 'db', from: 520 - at * 60, to: 300 - at * 70 });
  return lives.flatMap(toEntries);
}

function toEntries({ host, pool, from, to, failed }: Life, index: number): JournalEntry[] {
  const uid = `life-${index}`;
  const begin = NOW.getTime() - from * HOUR;
  const busy = (8 + (index % 7)) * MINUTE;
  const made: JournalEntry[] = [];
  const add = (changes: Parameters<typeof entry>[1]): void => {
    made.push({
      ...entry(uid, { host, pool, cluster: pool === 'db' ? 'ledger' : 'shop', number: made.length + 1, ...changes }),
      runId: uid,
      machine: { namespace: 'metal', name: `m-${host}-${index}`, uid },
    });
  };
  add({ at: begin, durationMs: 2_000 });
  add({
    at: begin + MINUTE,
    from: 'Allocated',
    to: 'Reprovisioning',
    step: 'provision',
    attempt: 1,
    durationMs: MINUTE,
  });
  const answered = { at: begin + MINUTE + busy, from: 'Reprovisioning', durationMs: busy } as const;
  if (failed === true) {
    add({ ...answered, to: 'Failed', step: 'awaitPlan', cause: 'HostAnswered', reason: 'PlanFailed', attempt: 1 });
  } else add({ ...answered, to: 'Running', step: 'complete' });
  if (to === undefined) return made;
  const end = NOW.getTime() - to * HOUR;
  const phase = failed === true ? 'Failed' : 'Running';
  add({ at: end - 3 * MINUTE, from: phase, to: 'Preparing', step: 'clean', attempt: 2, durationMs: end - begin });
  add({ at: end, from: 'Preparing', to: 'Available', step: 'release', durationMs: 3 * MINUTE });
  return made;
}
