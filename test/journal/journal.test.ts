import { describe, expect, test, vi } from 'vitest';
import type { Pool } from 'pg';
import { connectJournal } from '../../journal/connection.ts';
import { keepJournal, migrateJournal } from '../../journal/migrate.ts';
import { openJournal } from '../../journal/open-journal.ts';
import { readHistory, readHostsOf, readStats } from '../../journal/queries.ts';
import type { JournalEntry } from '../../domain/journal/entry.ts';
import { entry } from '../domain/journal/journal-fixtures.ts';
import { waitFor } from '../support/wait-for.ts';
import { useJournalDatabase } from './journal-database.ts';

// A busy machine takes seconds to make a database.
vi.setConfig({ testTimeout: 60_000 });

const database = useJournalDatabase();
const quiet = { info: () => {}, warn: () => {}, error: () => {} };
const NOW = Date.now();

async function withJournal(
  name: string,
  body: (journal: ReturnType<typeof openJournal>, pool: Pool) => Promise<void>,
): Promise<void> {
  const address = await database().create(name);
  const journal = openJournal({ ...address, retentionMonths: 12, logger: quiet });
  const pool = connectJournal(address, () => {});
  try {
    await body(journal, pool);
  } finally {
    await Promise.all([journal.close(), pool.end()]);
  }
}

async function keysIn(pool: Pool): Promise<string[]> {
  const { rows } = await pool.query<{ key: string }>(
    "select machine_uid || '/' || number as key from ironloom.journal order by machine_uid, number",
  );
  return rows.map(({ key }) => key);
}

function life(uid: string, startMs: number, changes: Partial<JournalEntry> = {}): JournalEntry[] {
  const at = (minutes: number) => startMs + minutes * 60_000;
  const steps = [
    { to: 'Allocated', from: null, step: 'begin', at: at(0), durationMs: 5_000 },
    { to: 'Reprovisioning', from: 'Allocated', step: 'provision', at: at(1), durationMs: 60_000 },
    { to: 'Running', from: 'Reprovisioning', step: 'complete', at: at(10), durationMs: 540_000 },
    { to: 'Preparing', from: 'Running', step: 'wait', at: at(100), durationMs: 5_400_000 },
    { to: 'Available', from: 'Preparing', step: 'release', at: at(102), durationMs: 120_000 },
  ] as const;
  return steps.map((step, index) => ({
    ...entry(uid, { runId: `run-${uid}`, number: index + 1, ...step }),
    ...changes,
  }));
}

describe('writing', () => {
  test('who asks before the first entry finds the tables', async () => {
    await withJournal('begun', async (_, pool) => {
      const asked = { kind: 'machine', namespace: 'ns', name: 'm', sinceMs: 0, limit: 10 } as const;
      await waitFor(
        'the journal can be read',
        async () => (await readHistory(pool, asked).catch(() => undefined)) !== undefined,
      );
    });
  });

  test('what is written twice, at once or by a run that was reset, stands there once', async () => {
    await withJournal('twice', async (journal, pool) => {
      const entries = life('a', NOW - 7_200_000);
      await Promise.all([journal.write(entries), journal.write(entries), journal.write(entries.slice(2))]);
      await journal.write(entries.map((one) => ({ ...one, runId: 'run-after-reset' })));
      expect(await keysIn(pool)).toEqual(['a/1', 'a/2', 'a/3', 'a/4', 'a/5']);
      const since = { namespace: 'ns', sinceMs: 0, limit: 10 };
      expect(await readHistory(pool, { kind: 'machine', name: 'm-a', ...since })).toEqual(
        entries.map((one) => ({ ...one, collapsed: 1 })),
      );
    });
  });

  test('what a first look wrote whose answer was lost is replaced by the next look, or by the run', async () => {
    await withJournal('looks', async (journal, pool) => {
      const [begun] = life('a', NOW - 7_200_000);
      const [other] = life('b', NOW - 7_200_000);
      if (begun === undefined || other === undefined) throw new Error('A life has entries');
      const look = { ...begun, number: 0, to: 'Pending' } as const;
      await journal.write([look, { ...other, number: 0 }]);
      await journal.write([{ ...look, to: 'Running' }]);
      const { rows } = await pool.query("select machine_uid, to_phase from ironloom.journal where machine_uid = 'a'");
      expect(rows).toEqual([{ machine_uid: 'a', to_phase: 'Running' }]);
      await journal.write([{ ...begun, at: begun.at + 15_000 }]);
      expect(await keysIn(pool)).toEqual(['a/1', 'b/0']);
    });
  });

  test('an entry that no database takes holds up no other', async () => {
    await withJournal('unusable', async (journal, pool) => {
      const [first, ...others] = life('a', NOW - 7_200_000);
      if (first === undefined) throw new Error('A life has entries');
      await journal.write([{ ...first, actor: 'a\u0000b' }, ...others]);
      expect(await keysIn(pool)).toEqual(['a/2', 'a/3', 'a/4', 'a/5']);
    });
  });

  test('workers that begin at once make one schema, and one that begins later leaves it', async () => {
    const address = await database().create('together');
    const pools = [0, 1, 2].map(() => connectJournal(address, () => {}));
    await Promise.all(pools.map((pool) => migrateJournal(pool).then(() => keepJournal(pool, 12))));
    const [pool] = pools;
    if (pool !== undefined) {
      const versions = await pool.query<{ version: string }>('select version from ironloom.journal_version order by 1');
      expect(versions.rows.map(({ version }) => Number(version))).toEqual([0, 1, 2]);
    }
    await Promise.all(pools.map((each) => each.end()));
  });

  test('the database is killed again and again while lives are written: nothing is lost, nothing stands there twice', async () => {
    await withJournal('killed', async (journal, pool) => {
      const lives = Array.from({ length: 30 }, (_, index) => life(`m${index}`, NOW - 7_200_000));
      let unwritten: JournalEntry[][] = lives;
      const tryAll = async (): Promise<boolean> => {
        const results = await Promise.allSettled(unwritten.map((entries) => journal.write(entries)));
        unwritten = unwritten.filter((_, index) => results[index]?.status === 'rejected');
        return unwritten.length === 0;
      };
      await tryAll();
      for (let times = 0; times < 2; times += 1) {
        unwritten = [...unwritten, ...lives];
        const writing = tryAll();
        await database().postgresql.kill();
        await writing;
        unwritten = [...unwritten, life(`late${times}`, NOW - 7_200_000)];
        await tryAll();
        expect(unwritten.length).toBeGreaterThan(0);
        await database().postgresql.restart();
      }
      await waitFor('all is written', tryAll, () => unwritten.length, { timeoutMs: 30_000 });
      expect(await keysIn(pool)).toHaveLength(32 * 5);
    });
  }, 90_000);
});

describe('keeping', () => {
  const month = (offset: number): Date => {
    const now = new Date();
    return new Date(Date.UTC(now.getUTCFullYear(), now.getUTCMonth() + offset, 15));
  };
  const partition = (date: Date): string => `journal_${date.toISOString().slice(0, 7).replace('-', '_')}`;

  test('months have partitions ahead, and old ones go', async () => {
    await withJournal('months', async (journal, pool) => {
      await journal.write([entry('now', { at: NOW }), entry('old', { at: month(-13).getTime() })]);
      const old = month(-14);
      await pool.query(
        `create table ironloom.${partition(old)} partition of ironloom.journal for values from ('${partitionStart(-14)}') to ('${partitionStart(-13)}')`,
      );
      await pool.query(
        "insert into ironloom.journal select 'r', 9, $1, 'ns', 'm', 'older', null, null, 'p', null, null, null, 'Gone', 'finish', null, 'Step'",
        [old],
      );
      expect(await keysIn(pool)).toEqual(['now/1', 'old/1', 'older/9']);
      await keepJournal(pool, 12);
      expect(await keysIn(pool)).toEqual(['now/1']);
      const { rows } = await pool.query<{ name: string }>(
        "select relname as name from pg_inherits join pg_class on inhrelid = pg_class.oid where inhparent = 'ironloom.journal'::regclass order by 1",
      );
      expect(rows.map(({ name }) => name)).toEqual([
        ...[0, 1, 2].map((offset) => partition(month(offset))),
        'journal_other',
      ]);
    });
  });

  function partitionStart(offset: number): string {
    return `${month(offset).toISOString().slice(0, 7)}-01T00:00:00Z`;
  }

  test('a reader reads, and writes nothing', async () => {
    await withJournal('reader', async (journal, pool) => {
      await journal.write(life('a', NOW - 7_200_000));
      const client = await pool.connect();
      try {
        await client.query('set role ironloom_journal_reader');
        expect((await client.query('select * from ironloom.journal')).rows).toHaveLength(5);
        await expect(client.query('delete from ironloom.journal')).rejects.toThrow('permission denied');
        expect((await client.query('select * from ironloom.host_journal')).rows).toEqual([]);
        await expect(client.query('delete from ironloom.host_journal')).rejects.toThrow('permission denied');
      } finally {
        client.release(true);
      }
    });
  });
});

describe('asking', () => {
  test('a cluster is told with all who used its hosts', async () => {
    await withJournal('clusters', async (journal, pool) => {
      await journal.write(life('a', NOW - 40_000_000));
      await journal.write(life('b', NOW - 20_000_000, { cluster: 'other' }));
      await journal.write(life('x', NOW - 20_000_000, { host: 'unrelated', cluster: 'other' }));
      const read = await readHostsOf(pool, { namespace: 'ns', cluster: 'c', untilMs: NOW });
      expect(new Set(read.map(({ machine }) => machine.uid))).toEqual(new Set(['a', 'b']));
      const history = { namespace: 'ns', sinceMs: 0, limit: 100 } as const;
      expect(await readHistory(pool, { kind: 'cluster', name: 'c', ...history })).toHaveLength(5);
      expect(await readHistory(pool, { kind: 'host', name: 'h', ...history })).toHaveLength(10);
      expect(await readHistory(pool, { kind: 'host', name: 'h', ...history, sinceMs: NOW - 30_000_000 })).toHaveLength(
        5,
      );
      expect((await readHistory(pool, { kind: 'host', name: 'h', ...history, limit: 2 })).map(({ to }) => to)).toEqual([
        'Preparing',
        'Available',
      ]);
    });
  });

  test('times and failures of steps', async () => {
    await withJournal('stats', async (journal, pool) => {
      for (let index = 0; index < 10; index += 1) {
        const entries = life(`m${index}`, NOW - 7_200_000);
        await journal.write(
          entries.map((one) =>
            one.to === 'Running' ? { ...one, durationMs: (index + 1) * 1000, host: `h${index}` } : one,
          ),
        );
      }
      const failed = { from: 'Reprovisioning', to: 'Failed', step: 'awaitPlan', reason: 'PlanFailed' } as const;
      await journal.write([entry('bad', { at: NOW - 1000, durationMs: 99_000, ...failed })]);
      const stats = await readStats(pool, { by: 'step', namespaces: undefined, sinceMs: 0 });
      expect(stats.find(({ step }) => step === 'reprovision')).toEqual({
        step: 'reprovision',
        group: '',
        count: 11,
        failures: 1,
        p50Ms: 5000,
        p90Ms: 9000,
        p99Ms: 10_000,
      });
      expect(stats.map(({ step }) => step)).toEqual(['claim', 'clean', 'reprovision', 'running', 'write plan']);
      const byHost = await readStats(pool, { by: 'host', namespaces: ['ns'], sinceMs: 0 });
      expect(byHost.find(({ group, step }) => group === 'ns/h3' && step === 'reprovision')).toMatchObject({
        count: 1,
        p50Ms: 4000,
      });
      expect(await readStats(pool, { by: 'pool', namespaces: ['elsewhere'], sinceMs: 0 })).toEqual([]);
    });
  });
});

test('a connection that breaks while it is lent, between two queries, ends no process', async () => {
  const address = await database().create('lent');
  const pool = connectJournal(address, () => {});
  const admin = connectJournal(address, () => {});
  const lent = await pool.connect();
  const ended = new Promise<void>((resolve) => void lent.once('end', resolve));
  const { rows } = await lent.query<{ pid: number }>('select pg_backend_pid() as pid');
  await admin.query('select pg_terminate_backend($1)', [rows[0]?.pid]);
  await ended;
  await expect(lent.query('select 1')).rejects.toThrow();
  lent.release(true);
  await Promise.all([pool.end(), admin.end()]);
});
