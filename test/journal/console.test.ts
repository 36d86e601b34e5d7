import { afterAll, afterEach, beforeAll, expect, test, vi } from 'vitest';
import { parseAnswer } from '../../console/page/answer.ts';
import { createTokenAccess } from '../../console/token-access.ts';
import type { MapChange } from '../../domain/report/fleet/fleet-map.ts';
import type { FleetCharts, FromJournal, ToldLife } from '../../domain/report/journal-pages.ts';
import { connectJournal, type JournalAddress } from '../../journal/connection.ts';
import { openJournal } from '../../journal/open-journal.ts';
import { standing } from '../cli/fleet-fixture.ts';
import { type FleetServer, startFleetServer } from '../console/fleet-server.ts';
import { type RunningConsole, type RunningOptions, runConsole } from '../console/running-console.ts';
import { entry } from '../domain/journal/journal-fixtures.ts';
import { silentLogger } from '../runtime/kube/fake-api-server.ts';
import { useJournalDatabase } from './journal-database.ts';

// What the fleet map tells of the past, from a real database.
// A busy machine takes seconds to make a database.
vi.setConfig({ testTimeout: 60_000 });

const database = useJournalDatabase();
const quiet = { info: () => {}, warn: () => {}, error: () => {} };
const NOW = Date.parse('2026-07-05T12:00:00Z');
const HOUR = 3_600_000;

let server: FleetServer;
let running: RunningConsole | undefined;
let owner: JournalAddress;
let reader: JournalAddress;
beforeAll(async () => {
  server = await startFleetServer(standing);
  owner = await database().create('told');
  const journal = openJournal({ ...owner, retentionMonths: 999, logger: quiet });
  const of = (namespace: string) => ({ machine: { namespace, name: `m-${namespace}`, uid: namespace } });
  await journal.write([
    { ...entry('a', { host: 'rack1', at: NOW - 5 * HOUR }), ...of('metal') },
    {
      ...entry('a', { host: 'rack1', number: 2, at: NOW - 4 * HOUR, from: 'Reprovisioning', to: 'Failed' }),
      ...of('metal'),
    },
    { ...entry('b', { host: 'rack1', at: NOW - 3 * HOUR }), ...of('secret') },
  ]);
  await journal.close();
  const admin = connectJournal(owner, () => {});
  await admin.query("create role grafana login password 'g'");
  await admin.query('grant ironloom_journal_reader to grafana');
  await admin.query("create role stranger login password 'g'");
  await admin.end();
  reader = as('grafana');
}, 60_000);
afterEach(async () => {
  await running?.[Symbol.asyncDispose]();
  running = undefined;
});
afterAll(() => server.close());

function as(user: string): JournalAddress {
  const url = new URL(owner.url);
  url.username = user;
  return { url: url.href, password: 'g' };
}

async function start(options: Omit<RunningOptions, 'client'>): Promise<void> {
  running = await runConsole({ client: server.api.client, nowMs: () => NOW, ...options });
}
const ask = (path: string, headers: Record<string, string> = {}) => fetch((running?.url ?? '') + path, { headers });
async function json<T extends object>(path: string, headers?: Record<string, string>): Promise<T> {
  return parseAnswer<T>(await (await ask(path, headers)).text());
}
const lives = (headers?: Record<string, string>) =>
  json<FromJournal<ToldLife[]>>('/api/hosts/metal/rack1/lives', headers);
const charts = (headers?: Record<string, string>) => json<FromJournal<FleetCharts>>('/api/charts?days=7', headers);

test('a host has its lives, read with the role of readers', async () => {
  await start({ journal: reader });
  const seen = await lives();
  expect(seen).toMatchObject({
    kind: 'seen',
    value: [{ words: 'BaremetalMachine m-metal, Cluster c, from 2026-07-05, now for 5h; failed: ' }],
  });
});

test('the charts are of what the viewer may read', async () => {
  const access = createTokenAccess({ client: server.api.client, logger: silentLogger, nowMs: () => performance.now() });
  server.users.set('ada', { username: 'ada', groups: [] });
  server.users.set('eve', { username: 'eve', groups: [] });
  server.allows = ({ user, namespace }) => user === 'ada' && namespace === 'metal';
  await start({ journal: reader, access });
  const seen = await charts({ authorization: 'Bearer ada' });
  if (seen.kind === 'unseen') throw new Error(seen.why);
  expect(seen.value.pools.map(({ namespace, name, inUse }) => [namespace, name, inUse.at(-1)])).toEqual([
    ['metal', 'workers', 1],
  ]);
  expect(seen.value.steps).toMatchObject([
    { step: 'claim', count: 1, failures: 0 },
    { step: 'reprovision', failures: 1 },
  ]);
  expect(seen.value.failures).toEqual([{ namespace: 'metal', name: 'rack1', step: 'reprovision', failures: 1 }]);
  expect(await charts({ authorization: 'Bearer eve' })).toMatchObject({
    kind: 'seen',
    value: { pools: [], steps: [] },
  });
  const hers = await ask('/api/hosts/metal/rack1/lives', { authorization: 'Bearer eve' });
  expect([hers.status, (await ask('/api/charts')).status]).toEqual([404, 401]);
});

const faults: readonly (readonly [string, () => JournalAddress | undefined, string])[] = [
  ['no journal', () => undefined, 'IRONLOOM_JOURNAL_URL names no database'],
  ['nobody there', () => ({ url: 'postgresql://ada:hunter2@127.0.0.1:1/db' }), 'does not answer now'],
  ['a user without rights', () => as('stranger'), 'ironloom_journal_reader'],
  ['no table', () => ({ ...owner, url: owner.url.replace(/told$/, 'postgres') }), 'no table ironloom.journal'],
];
test.each(faults)('with %s it says so, and all else works', async (_, addressOf, words) => {
  const journal = addressOf();
  await start(journal === undefined ? {} : { journal });
  for (const answer of [await lives(), await charts()]) {
    expect([answer.kind, answer.kind === 'unseen' && answer.why]).toEqual(['unseen', expect.stringContaining(words)]);
    expect(JSON.stringify(answer)).not.toContain('hunter2');
  }
  expect((await json<MapChange>('/api/fleet')).cells).toHaveLength(5);
  expect((await ask('/api/hosts/metal/rack1')).status).toBe(200);
});

test('a chart that takes long does not hold up the picture', async () => {
  await start({ journal: owner });
  const admin = connectJournal(owner, () => {});
  const client = await admin.connect();
  await client.query('begin');
  await client.query('lock table ironloom.journal in access exclusive mode');
  const slow = charts();
  const waits = await Promise.all(['a', 'b', 'c'].map(() => json<MapChange>('/api/fleet')));
  expect(waits.map(({ cells }) => cells.length)).toEqual([5, 5, 5]);
  await client.query('rollback');
  client.release();
  await admin.end();
  expect(await slow).toMatchObject({ kind: 'seen' });
});
