import type { Pool } from 'pg';
import type { ObjectKey } from '../api/meta.ts';
import { tellLives } from '../domain/journal/told-lives.ts';
import type { FleetCharts, FromJournal, ToldLife } from '../domain/report/journal-pages.ts';
import { connectJournal, type JournalAddress } from '../journal/connection.ts';
import { readHistory, readHostHistory } from '../journal/queries.ts';
import type { Logger } from '../runtime/logger.ts';
import { readCharts } from './read-charts.ts';
import { ShortMemory } from './short-memory.ts';

/** What the journal tells. It never rejects: what is not seen is told why. */
export interface JournalSight {
  /** Who used a host, newest first. */
  lives(host: ObjectKey): Promise<FromJournal<ToldLife[]>>;
  /** What happened in these namespaces over the last days. */
  charts(question: ChartsQuestion): Promise<FromJournal<FleetCharts>>;
  close(): Promise<void>;
}

export interface ChartsQuestion {
  namespaces: ReadonlySet<string>;
  days: number;
}

export interface JournalSightOptions {
  /** undefined: there is none. */
  address: JournalAddress | undefined;
  logger: Logger;
  /** Milliseconds since 1970. */
  nowMs: () => number;
}

const MAX_LIVES = 10;
/** More than the newest lives have. */
const MAX_ENTRIES = 1_000;
const LIVES_KNOWN_MS = 3_000;
const CHARTS_KNOWN_MS = 60_000;
/** After a failure nobody waits for the database until this has passed. */
const AWAY_MS = 5_000;
const MAX_KNOWN = 200;
/** Charts that wait for others; each may take as long as a statement may. */
const MAX_CHARTS_WAITING = 4;

const AWAY = 'The journal does not answer now; the log of the console says why.';
const BUSY = 'The journal is being asked too much at once; try again.';
const NONE = 'There is no journal: IRONLOOM_JOURNAL_URL names no database.';

/** Asks the journal beside everything else: one chart at a time, so that the other connection is left to hosts. */
export function createJournalSight({ address, logger, nowMs }: JournalSightOptions): JournalSight {
  const pool = address && connectJournal(address, () => {});
  const clock = { nowMs: () => performance.now(), max: MAX_KNOWN };
  const knownLives = new ShortMemory<Promise<FromJournal<ToldLife[]>>>(clock);
  const knownCharts = new ShortMemory<Promise<FromJournal<FleetCharts>>>(clock);
  let awayUntilMs = -Infinity;
  let chartsTurn: Promise<unknown> = Promise.resolve();
  let chartsWaiting = 0;

  async function ask<T>(query: (journal: Pool) => Promise<T>): Promise<FromJournal<T>> {
    if (pool === undefined) return { kind: 'unseen', why: NONE };
    if (clock.nowMs() < awayUntilMs) return { kind: 'unseen', why: AWAY };
    try {
      return { kind: 'seen', value: await query(pool) };
    } catch (error) {
      const why = describeFailure(error);
      if (why === AWAY) awayUntilMs = clock.nowMs() + AWAY_MS;
      logger.warn({ err: error }, 'The journal could not be asked');
      return { kind: 'unseen', why };
    }
  }

  async function askInTurn<T>(query: (journal: Pool) => Promise<T>): Promise<FromJournal<T>> {
    if (chartsWaiting >= MAX_CHARTS_WAITING) return { kind: 'unseen', why: BUSY };
    chartsWaiting++;
    const asked = chartsTurn.then(() => ask(query)).finally(() => chartsWaiting--);
    chartsTurn = asked;
    return asked;
  }

  return {
    lives(host) {
      const question = { kind: 'host', ...host, sinceMs: 0, limit: MAX_ENTRIES } as const;
      return remember(knownLives, `${host.namespace}/${host.name}`, LIVES_KNOWN_MS, () =>
        ask(async (journal) => {
          const [entries, done] = await Promise.all([
            readHistory(journal, question),
            readHostHistory(journal, question),
          ]);
          return tellLives(entries, done, nowMs(), MAX_LIVES);
        }),
      );
    },
    charts({ namespaces, days }) {
      const names = [...namespaces].toSorted();
      return remember(knownCharts, [days, ...names].join(' '), CHARTS_KNOWN_MS, () =>
        askInTurn((journal) => readCharts(journal, { namespaces: names, days, nowMs: nowMs() })),
      );
    },
    close: async () => pool?.end(),
  };
}

/** One question at a time of each kind; what was not seen is soon asked for again. */
async function remember<T>(
  memory: ShortMemory<Promise<FromJournal<T>>>,
  key: string,
  forMs: number,
  ask: () => Promise<FromJournal<T>>,
): Promise<FromJournal<T>> {
  const known = memory.get(key);
  if (known !== undefined) return known;
  const asked = ask();
  memory.set(key, asked, forMs);
  const answer = await asked;
  if (answer.kind === 'unseen') memory.set(key, asked, 0);
  return answer;
}

/** Words of PostgreSQL's codes that somebody has to do something about. */
const failures: Readonly<Record<string, string>> = {
  '42P01': 'The journal has no table ironloom.journal yet; a worker that reaches the database makes it.',
  '3F000': 'The journal has no table ironloom.journal yet; a worker that reaches the database makes it.',
  '42501': "The console's user may not read the journal: grant it the role ironloom_journal_reader.",
  '57014': 'The journal took too long to answer.',
};

function describeFailure(error: unknown): string {
  const code = typeof error === 'object' && error !== null && 'code' in error ? error.code : undefined;
  return failures[String(code)] ?? AWAY;
}
