import { pino } from 'pino';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { lead } from '../../../k8s-bridge/leader/lead.ts';
import { parseEnv } from '../../../runtime/env.ts';
import { createFakeLeases } from './fake-leases.ts';

const logger = pino({ level: 'silent' });
const advance = (ms: number) => vi.advanceTimersByTimeAsync(ms);

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

/** A bridge that leads, with its network in the hand of the test. */
async function startLeading(work: (signal: AbortSignal) => Promise<void>, listAgain: () => Promise<void>) {
  const parsed = parseEnv({ TEMPORAL_CONFIG_FILE: '/nonexistent/temporal.toml', IRONLOOM_LEASE_NAMESPACE: 'lab' });
  if (!parsed.ok) throw new Error(JSON.stringify(parsed));
  const { client, state } = createFakeLeases().connect('a');
  const reasons: string[] = [];
  const ending = new AbortController();
  const shutdown = { signal: ending.signal, onShutdown: () => {}, shutdown: (why: string) => void reasons.push(why) };
  const isLeading = lead({ env: parsed.env, logger, shutdown }, client, { work, listAgain });
  await advance(1);
  expect(isLeading()).toBe(true);
  return { isLeading, state, reasons };
}

const untilAborted = (signal: AbortSignal) =>
  new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve()));

test('one that lost its Lease works again after it has listed anew, and not before', async () => {
  const terms: AbortSignal[] = [];
  const listed = Promise.withResolvers<void>();
  const work = async (signal: AbortSignal) => {
    terms.push(signal);
    await untilAborted(signal);
  };
  const { isLeading, state, reasons } = await startLeading(work, () => listed.promise);
  state.cut = true;
  await advance(15_000);
  expect([isLeading(), terms[0]?.aborted]).toEqual([false, true]);
  state.cut = false;
  await advance(20_000);
  expect([isLeading(), terms.length]).toEqual([true, 1]);
  listed.resolve();
  await advance(1);
  expect(terms.map(({ aborted }) => aborted)).toEqual([true, false]);
  await advance(120_000);
  expect(reasons).toEqual([]);
});

test('one that leads again and cannot list within a minute ends, so that another one can', async () => {
  const { state, reasons } = await startLeading(untilAborted, () => new Promise(() => {}));
  state.cut = true;
  await advance(15_000);
  state.cut = false;
  await advance(55_000);
  expect(reasons).toEqual([]);
  await advance(20_000);
  expect(reasons).toEqual(['it leads again, and cannot list what it must know']);
});

test('one whose work does not end with its Lease ends', async () => {
  const { state, reasons } = await startLeading(
    () => new Promise(() => {}),
    async () => {},
  );
  state.cut = true;
  await advance(35_000);
  expect(reasons).toEqual(['the lease is lost, and its work does not end']);
});
