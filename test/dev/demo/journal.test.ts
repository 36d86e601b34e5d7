import { spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readlinkSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Client } from 'pg';
import { afterEach, beforeEach, expect, onTestFinished, test, vi } from 'vitest';
import { startJournal } from '../../../dev/demo/journal.ts';

vi.setConfig({ testTimeout: 60_000 });

let dir: string;
let closing: AsyncDisposableStack;
let said: string[];
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'ironloom-demo-journal-'));
  closing = new AsyncDisposableStack();
  said = [];
});
afterEach(async () => {
  await closing.disposeAsync();
  rmSync(dir, { recursive: true, force: true });
});

const until = { timeout: 20_000, interval: 20 };
const start = (signal: AbortSignal) =>
  startJournal({ dir, logs: join(dir, 'logs') }, { closing, signal, say: (line) => said.push(line) });
const never = new AbortController().signal;

/** Processes that work in the test's folder: PostgreSQL takes its children out of its process group, but not out of that. */
function countProcesses(): number {
  const worksHere = (pid: string): boolean => {
    try {
      return readlinkSync(`/proc/${pid}/cwd`).startsWith(dir);
    } catch {
      return false;
    }
  };
  return readdirSync('/proc').filter((entry) => /^\d+$/.test(entry) && worksHere(entry)).length;
}

/** The shell around each program tells its helper to end and does not wait for it. */
const untilNoProcess = (): Promise<void> => vi.waitFor(() => expect(countProcesses()).toBe(0), until);

/** Somebody whose question never ends: their server process looks after nothing else, not even whether its parent lives. */
async function keepBusy(url: string | undefined): Promise<void> {
  const client = new Client({ connectionString: url });
  client.on('error', () => {});
  await client.connect();
  client.query('do $$ begin loop end loop; end $$').catch(() => {});
}

test('a PostgreSQL runs on loopback, and takes only who has the password that the variables tell', async () => {
  const journal = await start(never);
  expect(said).toEqual([]);
  const client = new Client({ connectionString: journal?.IRONLOOM_JOURNAL_URL });
  await client.connect();
  const { rows } = await client.query("select current_setting('listen_addresses') as listens, current_user as who");
  expect(rows).toEqual([{ listens: '127.0.0.1', who: 'ironloom' }]);
  await client.end();
  const guess = new URL(journal?.IRONLOOM_JOURNAL_URL ?? '');
  guess.password = 'guessed';
  await expect(new Client({ connectionString: guess.href }).connect()).rejects.toThrow(
    'password authentication failed',
  );
});

test('nothing of it is left when the demo ends, whoever still asks', async () => {
  const journal = await start(never);
  await keepBusy(journal?.IRONLOOM_JOURNAL_URL);
  expect(countProcesses()).toBeGreaterThan(2);
  await closing.disposeAsync();
  await untilNoProcess();
});

test('a demo that is interrupted while its files are made leaves nothing, and says nothing of PostgreSQL', async () => {
  const ending = new AbortController();
  const starting = start(ending.signal);
  starting.catch(() => {});
  await vi.waitFor(() => expect(countProcesses()).toBeGreaterThan(0), until);
  ending.abort(new Error('Ended by SIGINT'));
  await expect(starting).rejects.toThrow('Ended by SIGINT');
  await untilNoProcess();
  expect(said).toEqual([]);
});

test('nothing of it outlives a demo that is killed, whoever still asks', async () => {
  const program = join(dir, 'demo.ts');
  const module = new URL('../../../dev/demo/journal.ts', import.meta.url).href;
  const place = JSON.stringify({ dir, logs: join(dir, 'logs') });
  writeFileSync(
    program,
    `import { startJournal } from '${module}';
    const closing = new AsyncDisposableStack();
    const journal = await startJournal(${place}, { closing, signal: new AbortController().signal, say: console.error });
    console.log(journal.IRONLOOM_JOURNAL_URL);
    setInterval(() => undefined, 1000);`,
  );
  const demo = spawn(process.execPath, [program], { stdio: ['ignore', 'pipe', 'inherit'] });
  onTestFinished(() => void demo.kill('SIGKILL'));
  let url = '';
  demo.stdout.on('data', (part) => (url += String(part)));
  await vi.waitFor(() => expect(url).toMatch(/\n$/), until);
  await keepBusy(url.trim());
  demo.kill('SIGKILL');
  await untilNoProcess();
});

test('where it does not start, one line says why, and nothing else happens', async () => {
  mkdirSync(join(dir, 'postgresql'));
  writeFileSync(join(dir, 'postgresql', 'in-the-way'), '');
  expect(await start(never)).toBeUndefined();
  expect(said).toEqual([expect.stringMatching(/^PostgreSQL does not start here, .*initdb ended with exit code 1.*$/)]);
  await untilNoProcess();
});
