import fc from 'fast-check';
import type { Pool } from 'pg';
import { expect, test, vi } from 'vitest';
import type { JournalEntry } from '../../domain/journal/entry.ts';
import { usesOf } from '../../domain/journal/uses.ts';
import { connectJournal } from '../../journal/connection.ts';
import { readFailures, readOccupancy } from '../../journal/fleet-queries.ts';
import { openJournal } from '../../journal/open-journal.ts';
import { entry } from '../domain/journal/journal-fixtures.ts';
import { useJournalDatabase } from './journal-database.ts';

// A busy machine takes seconds to make a database.
vi.setConfig({ testTimeout: 60_000 });

const database = useJournalDatabase();
const quiet = { info: () => {}, warn: () => {}, error: () => {} };

async function withPool(name: string, body: (pool: Pool, write: Write) => Promise<void>): Promise<void> {
  const address = await database().create(name);
  const journal = openJournal({ ...address, retentionMonths: 999, logger: quiet });
  const pool = connectJournal(address, () => {});
  try {
    await body(pool, (entries) => journal.write(entries));
  } finally {
    await Promise.all([journal.close(), pool.end()]);
  }
}
type Write = (entries: readonly JournalEntry[]) => Promise<void>;

/** Any order of any entries; the clock of the second machine may be off. */
const entries = fc.array(
  fc.record({
    uid: fc.constantFrom('a', 'b'),
    host: fc.constantFrom('h', 'i', null),
    pool: fc.constantFrom('web', 'db'),
    at: fc.integer({ min: 0, max: 40 }),
    from: fc.constantFrom(null, 'Running'),
    to: fc.constantFrom('Allocated', 'Running', 'Failed', 'Available', 'Lost'),
  }),
  { maxLength: 12 },
);

test('hosts in use at each moment are those of the uses of each host', async () => {
  await withPool('occupied', async (pool, write) => {
    await write([]);
    let seen = 0;
    await fc.assert(
      fc.asyncProperty(entries, async (made) => {
        const namespace = `ns-${++seen}`;
        const all = made.map(({ uid, ...rest }, index) => ({
          // No use begins before its first entry here: what nobody noted is not drawn.
          ...entry(`${uid}-${seen}`, { ...rest, number: index + 1, durationMs: 0, runId: `${seen}-${index}` }),
          machine: { namespace, name: uid, uid: `${uid}-${seen}` },
        }));
        if (all.length > 0) await write(all);
        const found = await readOccupancy(pool, { namespaces: [namespace], sinceMs: 10, stepMs: 10, count: 4 });
        const uses = [...Map.groupBy(all, ({ host }) => host).values()].flatMap((ofHost) => usesOf(ofHost));
        for (const [moment, at] of [10, 20, 30, 40].entries()) {
          const held = uses.filter(({ fromMs, toMs }) => fromMs <= at && (toMs === null || toMs > at)).length;
          const told = found.reduce((sum, { inUse }) => sum + (inUse[moment] ?? 0), 0);
          expect([at, told]).toEqual([at, held]);
        }
        for (const { inUse } of found) expect(Math.min(...inUse)).toBeGreaterThanOrEqual(0);
      }),
      { numRuns: 150 },
    );
  });
});

test('a host counts for the pool that it was in use for', async () => {
  const asked = { cause: 'Operator', durationMs: null } as const;
  await withPool('pools', async (pool, write) => {
    await write([
      entry('a', { at: 5, pool: 'web' }),
      entry('b', { at: 25, pool: 'web', host: 'i' }),
      entry('a', { number: 2, at: 26, pool: 'db', from: 'Allocated', to: 'Running' }),
      entry('a', { number: 3, at: 35, pool: 'db', from: 'Preparing', to: 'Available' }),
      // Asked for while the host was given back.
      entry('a', { number: 4, at: 36, pool: 'db', from: 'Preparing', to: 'Preparing', ...asked }),
    ]);
    const question = { namespaces: ['ns', 'other'], sinceMs: 10, stepMs: 10, count: 4 };
    expect(await readOccupancy(pool, question)).toEqual([
      { namespace: 'ns', pool: 'db', inUse: [0, 0, 1, 0] },
      { namespace: 'ns', pool: 'web', inUse: [1, 1, 1, 1] },
    ]);
    expect(await readOccupancy(pool, { ...question, namespaces: ['other'] })).toEqual([]);
  });
});

test('which host fails most at what', async () => {
  await withPool('failures', async (pool, write) => {
    const failed = { from: 'Reprovisioning', to: 'Failed', step: 'awaitPlan', reason: 'PlanFailed' } as const;
    await write([
      ...[1, 2, 3].map((at) => entry(`m${at}`, { at, host: 'bad', ...failed })),
      entry('n', { at: 4, host: 'so-so', ...failed, from: 'Preparing' }),
      entry('n', { number: 2, at: 5, host: 'so-so', from: 'Failed', to: 'Failed', step: 'retry', cause: 'Operator' }),
      entry('o', { at: 6, host: 'elsewhere', ...failed }),
    ]);
    const question = { namespaces: ['ns'], sinceMs: 2, limit: 2 };
    expect(await readFailures(pool, question)).toEqual([
      { namespace: 'ns', host: 'bad', step: 'reprovision', failures: 2 },
      { namespace: 'ns', host: 'elsewhere', step: 'reprovision', failures: 1 },
    ]);
    expect(await readFailures(pool, { ...question, namespaces: ['other'] })).toEqual([]);
    const all = await readFailures(pool, { ...question, limit: 10 });
    expect(all.at(-1)).toEqual({ namespace: 'ns', host: 'so-so', step: 'clean', failures: 1 });
  });
});
