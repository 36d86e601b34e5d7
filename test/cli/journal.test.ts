import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { callCli } from './call.ts';

beforeEach(() => {
  vi.stubEnv('KUBECONFIG', '/nonexistent/kubeconfig');
});
afterEach(() => {
  vi.unstubAllEnvs();
});

const questions = [
  ['history', 'host', 'h1', '--since', '30d'],
  ['usage', '--cluster', 'c', '--from', '2026-06-01'],
  ['stats', '--by', 'pool'],
];

test.each(questions)('%s without a journal says where the entries are, and how to keep them', async (...args) => {
  vi.stubEnv('IRONLOOM_JOURNAL_URL', '');
  const { code, complaint, out } = await callCli(args);
  expect([code, out]).toEqual([1, '']);
  expect(complaint).toContain('IRONLOOM_JOURNAL_URL names no database');
  expect(complaint).toContain("jq -c 'select(.journal)'");
});

test.each(questions)('%s of a journal that is away names it, without its password', async (...args) => {
  vi.stubEnv('IRONLOOM_JOURNAL_URL', 'postgresql://ada:hunter2@127.0.0.1:1/db');
  const { code, complaint } = await callCli(args);
  expect(code).toBe(1);
  expect(complaint).toMatch(/^error: The journal at 127\.0\.0\.1:1 cannot be asked: .*ECONNREFUSED/);
  expect(complaint).not.toContain('hunter2');
});

test.each([
  [['history', 'host', 'h1', '--since', 'yesterday'], 'It is no day, time or duration'],
  [['history', 'rack', 'h1'], 'Allowed choices are machine, host, cluster'],
  [['usage', '--cluster', 'c'], "required option '--from <time>'"],
  [['usage', '--cluster', 'c', '--from', '1d', '--to', '2d'], '--from is not before --to'],
  [['stats', '--by', 'moon'], 'Allowed choices are step, pool, image, host'],
])('%j is wrong usage', async (args, why) => {
  const { code, complaint } = await callCli(args);
  expect(code).toBe(2);
  expect(complaint).toContain(why);
});
