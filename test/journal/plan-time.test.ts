import { afterEach, beforeAll, expect, test, vi } from 'vitest';
import { type PlannedPlace, tellPlanTime } from '../../cli/commands/plan-time.ts';
import type { JournalRecord } from '../../domain/journal/entry.ts';
import { openJournal } from '../../journal/open-journal.ts';
import { entry } from '../domain/journal/journal-fixtures.ts';
import { useJournalDatabase } from './journal-database.ts';

// What `ironloom plan` says of the time that a plan takes.
// A busy machine takes seconds to make a database.
vi.setConfig({ testTimeout: 60_000 });

const database = useJournalDatabase();
const quiet = { info: () => {}, warn: () => {}, error: () => {} };
const NOW = new Date('2026-07-05T00:00:00Z');
const MINUTE = 60_000;
const byConditions = 'unknown: no machine of this pool shows how long its plan took';

let variables: { IRONLOOM_JOURNAL_URL: string; IRONLOOM_JOURNAL_PASSWORD: string };

beforeAll(async () => {
  const { url, password } = await database().create('plans');
  variables = { IRONLOOM_JOURNAL_URL: url, IRONLOOM_JOURNAL_PASSWORD: password };
  const journal = openJournal({ url, password, retentionMonths: 999, logger: quiet });
  const plans = (uid: string, minutes: readonly number[], changes: Partial<JournalRecord>) =>
    minutes.map((took, index) =>
      entry(uid, {
        runId: uid,
        number: index + 1,
        at: NOW.getTime() - (index + 1) * 24 * 60 * MINUTE,
        from: 'Reprovisioning',
        to: 'Running',
        step: 'complete',
        durationMs: took * MINUTE,
        image: 'os:1',
        ...changes,
      }),
    );
  await journal.write([
    ...plans('busy', [8, 6, 9, 7, 10, 20, 5, 8, 9, 8], { pool: 'busy' }),
    ...plans('small', [2], { pool: 'small' }),
    ...plans('old', [1, 1, 1, 1, 1, 1], { pool: 'old', at: Date.parse('2025-07-01T00:00:00Z'), image: 'os:0' }),
    ...plans('late', [3], { pool: 'failed', to: 'Failed', step: 'awaitPlan', image: 'os:2' }),
  ]);
  await journal.close();
}, 60_000);
afterEach(() => {
  vi.unstubAllEnvs();
});

function ask(place: Omit<PlannedPlace, 'namespace'>, namespace = 'ns') {
  for (const [name, value] of Object.entries(variables)) vi.stubEnv(name, value);
  return askAsIs({ namespace, ...place });
}

async function askAsIs(place: PlannedPlace) {
  const missing: string[] = [];
  return { told: await tellPlanTime(place, { machines: [], missing }, NOW), missing };
}

test('is that of the plans of the pool of late', async () => {
  expect(await ask({ pool: 'busy', image: 'os:1' })).toEqual({
    told: 'by the journal: 10 plans of this pool since 2026-06-25, p50 8m, p90 10m',
    missing: [],
  });
});

test('is that of the image where the pool has few', async () => {
  const { told } = await ask({ pool: 'small', image: 'os:1' });
  expect(told).toBe('by the journal: 11 plans of this image since 2026-06-25, p50 8m, p90 10m');
  expect((await ask({ pool: 'small' })).told).toBe(
    'by the journal: one plan of this pool since 2026-07-04, p50 2m, p90 2m',
  );
});

test.each([
  ['there were none', { pool: 'none' }, 'ns'],
  ['they are of last year', { pool: 'old', image: 'os:0' }, 'ns'],
  ['none went well', { pool: 'failed', image: 'os:2' }, 'ns'],
  ['they are of another namespace', { pool: 'busy', image: 'os:1' }, 'elsewhere'],
])('is that of the machines that are there where %s', async (_why, place, namespace) => {
  const { told } = await ask(place, namespace);
  expect(told).toBe(`${byConditions}; the journal knows of no plan of this pool`);
});

test('is that of the machines without a journal, and without a word of it', async () => {
  expect(await askAsIs({ namespace: 'ns', pool: 'busy' })).toEqual({ told: byConditions, missing: [] });
});

test('is that of the machines while the journal is away, which is said', async () => {
  await database().postgresql.kill();
  const { told, missing } = await ask({ pool: 'busy' });
  expect(told).toBe(byConditions);
  expect(missing).toHaveLength(1);
  expect(missing[0]).toMatch(
    /^How long plans took is told by the machines that are there: The journal at .* cannot be/,
  );
});
