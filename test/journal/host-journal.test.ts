import { expect, test, vi } from 'vitest';
import type { HostEntry } from '../../domain/journal/host-entry.ts';
import { usesOf } from '../../domain/journal/uses.ts';
import { connectJournal } from '../../journal/connection.ts';
import { keepJournal, migrateJournal } from '../../journal/migrate.ts';
import { openHostJournal } from '../../journal/open-host-journal.ts';
import { openJournal } from '../../journal/open-journal.ts';
import { readHistory, readHostHistory, readHostsOf, readStats } from '../../journal/queries.ts';
import { entry } from '../domain/journal/journal-fixtures.ts';
import { waitFor } from '../support/wait-for.ts';
import { useJournalDatabase } from './journal-database.ts';

// A busy machine takes seconds to make a database.
vi.setConfig({ testTimeout: 60_000 });

const database = useJournalDatabase();
const quiet = { info: () => {}, warn: () => {}, error: () => {} };
const NOW = Date.now();
const MINUTE = 60_000;
const always = { namespace: 'ns', name: 'h', sinceMs: 0, limit: 100 };

function hostEntry(at: number, changes: Partial<HostEntry> = {}): HostEntry {
  const place = { namespace: 'ns', host: 'h', hostUid: 'uid-h', pool: 'workers', machine: null, cluster: null };
  const change = { from: 'Available', to: 'Quarantined', step: 'quarantine', cause: 'Operator', durationMs: 5_000 };
  return { ...place, at, ...change, reason: null, attempt: null, actor: 'operation annotation', ...changes };
}

async function withDatabase(name: string, body: (world: Awaited<ReturnType<typeof open>>) => Promise<void>) {
  const world = await open(name);
  try {
    await body(world);
  } finally {
    await Promise.all([world.journal.close(), world.runs.close(), world.pool.end()]);
  }
}

async function open(name: string) {
  const address = await database().create(name);
  const options = { ...address, retentionMonths: 12, logger: quiet };
  return { journal: openHostJournal(options), runs: openJournal(options), pool: connectJournal(address, () => {}) };
}

test('what is written twice stands there once, and is read as it was written', async () => {
  await withDatabase('hosts_twice', async ({ journal, pool }) => {
    const lost = { machine: { namespace: 'ns', name: 'm', uid: 'uid-m' }, cluster: 'c' };
    const entries = [hostEntry(NOW - MINUTE), hostEntry(NOW, { ...lost, attempt: 2, reason: 'ChecksFailed' })];
    expect(await journal.write(entries.slice(0, 1))).toEqual(entries.slice(0, 1));
    expect(await journal.write(entries)).toEqual(entries.slice(1));
    expect(await journal.write(entries)).toEqual([]);
    expect(await journal.readLast()).toEqual(new Map([['uid-h', NOW]]));
    expect(await readHostHistory(pool, always)).toEqual(entries);
  });
});

test('what was written before the database was killed is not written again after it', async () => {
  await withDatabase('hosts_killed', async ({ journal, pool }) => {
    await journal.write([hostEntry(NOW - MINUTE)]);
    await database().postgresql.kill();
    await expect(journal.write([hostEntry(NOW - MINUTE), hostEntry(NOW)])).rejects.toThrow();
    await database().postgresql.restart();
    const tryAgain = () =>
      journal.write([hostEntry(NOW - MINUTE), hostEntry(NOW)]).then(
        (written) => written.map(({ at }) => at),
        () => undefined,
      );
    expect(await waitFor('the database takes it', tryAgain, () => 'away', { timeoutMs: 30_000 })).toEqual([NOW]);
    expect(await readHostHistory(pool, always)).toHaveLength(2);
  });
});

test('it goes when it is as old as the entries of runs', async () => {
  await withDatabase('hosts_old', async ({ journal, pool }) => {
    await journal.write([hostEntry(NOW - 400 * 24 * 60 * MINUTE), hostEntry(NOW)]);
    await keepJournal(pool, 12);
    expect((await readHostHistory(pool, always)).map(({ at }) => at)).toEqual([NOW]);
  });
});

test('a quarantine that takes the record of a machine away ends its use; nothing else of it counts as one', async () => {
  await withDatabase('hosts_usage', async ({ journal, runs, pool }) => {
    const claimed = entry('a', { at: NOW - 60 * MINUTE });
    await runs.write([claimed]);
    const question = { namespace: 'ns', cluster: 'c', untilMs: NOW };
    const before = [
      await readHostsOf(pool, question),
      await readStats(pool, { by: 'step', namespaces: ['ns'], sinceMs: 0 }),
    ];
    await journal.write([hostEntry(NOW - 50 * MINUTE), hostEntry(NOW - 40 * MINUTE, { step: 'unquarantine' })]);
    expect([
      await readHostsOf(pool, question),
      await readStats(pool, { by: 'step', namespaces: ['ns'], sinceMs: 0 }),
    ]).toEqual(before);
    expect(await readHistory(pool, { kind: 'host', ...always })).toHaveLength(1);
    await journal.write([hostEntry(NOW - 30 * MINUTE, { machine: claimed.machine, cluster: 'c' })]);
    expect(usesOf(await readHostsOf(pool, question))).toMatchObject([{ fromMs: claimed.at, toMs: NOW - 30 * MINUTE }]);
  });
});

test('where only a worker of an earlier version has been, nothing was done to hosts', async () => {
  await withDatabase('hosts_none', async ({ pool }) => {
    await migrateJournal(pool);
    await pool.query('drop table ironloom.host_journal');
    expect(await readHostHistory(pool, always)).toEqual([]);
    expect(await readHostsOf(pool, { namespace: 'ns', cluster: 'c', untilMs: NOW })).toEqual([]);
  });
});
