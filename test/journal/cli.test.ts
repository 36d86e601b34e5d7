import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { tellLastLives } from '../../cli/commands/last-lives.ts';
import { openHostJournal } from '../../journal/open-host-journal.ts';
import { openJournal } from '../../journal/open-journal.ts';
import { callCli } from '../cli/call.ts';
import { entry } from '../domain/journal/journal-fixtures.ts';
import { useJournalDatabase } from './journal-database.ts';

// What the CLI tells from a real database.
// A busy machine takes seconds to make a database.
vi.setConfig({ testTimeout: 60_000 });

const database = useJournalDatabase();
const quiet = { info: () => {}, warn: () => {}, error: () => {} };
const at = (time: string) => Date.parse(`2026-07-01T${time}Z`);

beforeAll(async () => {
  vi.stubEnv('KUBECONFIG', '/nonexistent/kubeconfig');
  const { url, password } = await database().create('told');
  vi.stubEnv('IRONLOOM_JOURNAL_URL', url);
  vi.stubEnv('IRONLOOM_JOURNAL_PASSWORD', password);
  const journal = openJournal({ url, password, retentionMonths: 999, logger: quiet });
  await journal.write([
    entry('a', { at: at('01:00'), from: null, durationMs: 3_000 }),
    entry('a', {
      number: 2,
      at: at('01:30'),
      from: 'Allocated',
      to: 'Failed',
      reason: 'PlanFailed',
      step: 'awaitPlan',
      cause: 'HostAnswered',
      attempt: 1,
      durationMs: 60_000,
    }),
    entry('a', {
      number: 3,
      at: at('01:31'),
      from: 'Failed',
      to: 'Failed',
      step: 'retry',
      cause: 'Operator',
      reason: 'Accepted',
      actor: '=cmd("x")',
      durationMs: null,
    }),
    entry('a', { number: 4, at: at('03:00'), from: 'Preparing', to: 'Available', step: 'release', durationMs: 90_000 }),
    entry('b', { at: at('04:00'), cluster: 'other' }),
  ]);
  await journal.close();
  const hosts = openHostJournal({ url, password, retentionMonths: 999, logger: quiet });
  await hosts.write([
    {
      hostUid: 'uid-h',
      namespace: 'ns',
      host: 'h',
      at: at('03:30'),
      pool: 'workers',
      machine: null,
      cluster: null,
      from: 'Available',
      to: 'Quarantined',
      step: 'quarantine',
      reason: null,
      cause: 'Observed',
      attempt: null,
      actor: 'MachineHealthCheck',
      durationMs: 1_800_000,
    },
  ]);
  await hosts.close();
}, 60_000);
afterAll(() => {
  vi.unstubAllEnvs();
});

test('the past of a host', async () => {
  const { code, out, complaint } = await callCli(['history', 'host', 'ns/h']);
  expect([code, complaint]).toEqual([0, '']);
  expect(out.split('\n').map((line) => line.replaceAll(/ +/g, ' '))).toEqual([
    'AT TO FROM AFTER REASON STEP CAUSE HOST MACHINE CLUSTER',
    '2026-07-01T01:00:00.000Z Allocated - 3s - claim Step h m-a c',
    '2026-07-01T01:30:00.000Z Failed Allocated 1m PlanFailed awaitPlan 1 HostAnswered h m-a c',
    '2026-07-01T01:31:00.000Z Failed Failed - Accepted retry Operator: =cmd("x") h m-a c',
    '2026-07-01T03:00:00.000Z Available Preparing 1m 30s - release Step h m-a c',
    '2026-07-01T03:30:00.000Z Quarantined Available 30m - quarantine Observed: MachineHealthCheck h - -',
    '2026-07-01T04:00:00.000Z Allocated Pending 0s - claim Step h m-b other',
  ]);
});

test('of a cluster, as CSV that no spreadsheet computes', async () => {
  const { out } = await callCli(['history', 'cluster', 'c', '-n', 'ns', '-o', 'csv', '--since', '2026-07-01T01:31Z']);
  const [head, ...lines] = out.split('\r\n');
  expect(head).toBe('at,to,from,after,reason,step,cause,host,machine,cluster');
  expect(lines).toHaveLength(2);
  expect(lines[0]).toContain('"Operator: =cmd(""x"")"');
});

test('of nothing', async () => {
  const { code, complaint } = await callCli(['history', 'machine', 'ns/nobody', '-o', 'json']);
  expect([code, complaint]).toEqual([0, 'note: the journal knows nothing of machine ns/nobody']);
});

test('the uses of a cluster, and their sum', async () => {
  const args = ['usage', '--cluster', 'c', '-n', 'ns', '--from', '2026-07-01T02:00Z', '--to', '2026-07-02'];
  const table = await callCli(args);
  expect(table.out).toMatch(/^h +m-a +racks +workers +2026-07-01T02:00:00.000Z +2026-07-01T03:00:00.000Z +1.00$/m);
  expect(table.out).toMatch(/^1 hosts, 1.00 hours$/m);
  const json: unknown = JSON.parse((await callCli([...args, '-o', 'json'])).out);
  expect(json).toMatchObject({ cluster: 'c', hours: 1, uses: [{ host: 'h', hours: 1 }] });
});

test('who used a host last, and what failed', async () => {
  const missing: string[] = [];
  expect(await tellLastLives({ namespace: 'ns', name: 'h' }, at('06:00'), missing)).toEqual([
    'Life      BaremetalMachine m-b, Cluster other, from 2026-07-01, now for 2h',
    'Life      BaremetalMachine m-a, Cluster c, from 2026-07-01, for 2h; failed: PlanFailed',
  ]);
  expect(missing).toEqual([]);
});

test('times of steps', async () => {
  const { out } = await callCli(['stats', '--since', '2026-07-01', '-A', '--by', 'pool']);
  expect(out).toMatch(/^clean +workers +0 +1 +1m 30s/m);
  expect(out).toMatch(/^claim +workers +0 +2/m);
});
