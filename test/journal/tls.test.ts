import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Writable } from 'node:stream';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { createCertificateAuthority } from '../../dev/stack/certificates.ts';
import { openJournal } from '../../journal/open-journal.ts';
import { createLogger } from '../../runtime/logger.ts';
import { callCli } from '../cli/call.ts';
import { entry } from '../domain/journal/journal-fixtures.ts';
import { type JournalDatabase, startJournalDatabase } from './journal-database.ts';

// Worker and CLI with a database that takes nobody without TLS.
// A busy machine takes seconds to make a database.
vi.setConfig({ testTimeout: 60_000 });

let database: JournalDatabase;
let dir: string;
let url: string;
let password: string;
/** As a parameter of the URL. */
let rightCa: string;
let wrongCa: string;

beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'journal-tls-'));
  const [authority, other] = await Promise.all(['one', 'other'].map((name) => createCertificateAuthority(name)));
  if (authority === undefined || other === undefined) throw new Error('There are two');
  await writeFile(join(dir, 'ca.pem'), authority.certPem);
  await writeFile(join(dir, 'other.pem'), other.certPem);
  rightCa = `&sslrootcert=${join(dir, 'ca.pem')}`;
  wrongCa = `&sslrootcert=${join(dir, 'other.pem')}`;
  database = await startJournalDatabase(await authority.issueServer('postgresql'));
  ({ url, password } = await database.create('secured'));
}, 60_000);
afterAll(async () => {
  vi.unstubAllEnvs();
  await database.close();
  await rm(dir, { recursive: true, force: true });
});

/** Writes as a worker does; answers what became of it, and all that was logged. */
async function write(address: string, given = password): Promise<{ ok: boolean; log: string }> {
  const lines: string[] = [];
  const sink = new Writable({ write: (chunk, _encoding, done) => (lines.push(String(chunk)), done()) });
  const logger = createLogger({ level: 'debug', component: 'worker', destination: sink });
  const journal = openJournal({ url: address, password: given, retentionMonths: 999, logger });
  const ok = await journal.write([entry('a', { at: Date.parse('2026-07-01T00:00:00Z') })]).then(
    () => true,
    () => false,
  );
  await journal.close();
  return { ok, log: lines.join('') };
}

/** Asks as people do. */
async function ask(address: string, given = password) {
  vi.stubEnv('KUBECONFIG', '/nonexistent/kubeconfig');
  vi.stubEnv('IRONLOOM_JOURNAL_URL', address);
  vi.stubEnv('IRONLOOM_JOURNAL_PASSWORD', given);
  return callCli(['history', 'host', 'ns/h']);
}

const full = (base: string) => `${base}?sslmode=verify-full`;

describe('a database with TLS', () => {
  test.each(['verify-full', 'verify-ca', 'require', 'prefer'])(
    'takes entries by sslmode=%s, with its authority',
    async (mode) => {
      const address = `${url}?sslmode=${mode}${rightCa}`;
      expect(await write(address)).toEqual({ ok: true, log: '' });
      const { code, out } = await ask(address);
      expect([code, out.includes('Allocated')]).toEqual([0, true]);
    },
  );

  test.each<[string, () => string, string]>([
    ['by an authority that nobody named', () => full(url), '&sslrootcert=<file>'],
    ['by another authority', () => full(url) + wrongCa, '&sslrootcert=<file>'],
    [
      'by another authority, also where only TLS is asked for',
      () => `${url}?sslmode=require${wrongCa}`,
      '&sslrootcert=<file>',
    ],
    [
      'by another name',
      () => full(url.replace('127.0.0.1', '127.1')) + rightCa,
      'call it by a name of its certificate',
    ],
    ['without TLS', () => url, 'sslmode=verify-full'],
    ['with a file that is not there', () => `${full(url)}&sslrootcert=/nonexistent/ca.pem`, '/nonexistent/ca.pem'],
  ])('is not reached %s, and what to do is said', async (_how, addressOf, advice) => {
    const { ok, log } = await write(addressOf());
    expect(ok).toBe(false);
    expect(log).toContain(advice);
    const { code, complaint } = await ask(addressOf());
    expect(code).not.toBe(0);
    expect(complaint).toContain(advice);
    for (const text of [log, complaint]) expect(hasPassword(text, password)).toBe(false);
  });

  test('does not take a wrong password, which nobody repeats', async () => {
    const wrong = 'wrong-s3cret';
    const { ok, log } = await write(full(url) + rightCa, wrong);
    const { complaint } = await ask(full(url) + rightCa, wrong);
    expect(ok).toBe(false);
    for (const text of [log, complaint]) {
      expect(text).toContain('IRONLOOM_JOURNAL_PASSWORD');
      expect(hasPassword(text, wrong)).toBe(false);
    }
  });

  test('and a password in the URL is not repeated either, whatever goes wrong', async () => {
    const secret = 's3cret-in-url';
    const withPassword = (address: string) => address.replace('ironloom@', `ironloom:${secret}@`);
    for (const address of [full(url) + wrongCa, `${full(url)}${rightCa}`, url.replace(/:\d+\//, ':1/')]) {
      vi.stubEnv('IRONLOOM_JOURNAL_PASSWORD', '');
      const { log } = await write(withPassword(address), secret);
      const { complaint } = await ask(withPassword(address), '');
      expect(log + complaint).not.toBe('');
      for (const text of [log, complaint]) expect(hasPassword(text, secret)).toBe(false);
    }
  });
});

function hasPassword(text: string, secret: string): boolean {
  return [secret, encodeURIComponent(secret)].some((spelled) => text.includes(spelled));
}
