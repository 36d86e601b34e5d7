import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { type HostAgent, type RunPlan, startHostAgent } from '../../../../dev/host/agent/agent.ts';
import type { AgentTimes } from '../../../../dev/host/agent/times.ts';
import { noFaults } from '../../../../dev/host/agent/faults.ts';
import { decodeOutputs } from '../../../../dev/elemental/host-plan.ts';
import { UnreportedPlanError } from '../../../../dev/elemental/host-plan.ts';
import { checksumOf, createMemoryPlanSecrets, freshPlan } from '../memory-api.ts';

const key = { namespace: 'ns', name: 'host-1' };
const plan = '{"attempt":"1"}';
const next = '{"attempt":"2"}';

const quick: AgentTimes = {
  periodMs: 15,
  retryCooldownMs: 1_000,
  restartDelayMs: 15,
  backoffsMs: [20, 40],
  writeRetryMs: 2,
};

/** A run that the test ends when it wants to. */
interface OpenRun {
  checksum: string;
  attempt: number;
  end: (succeeded: boolean) => void;
}

describe('startHostAgent', () => {
  let secrets = createMemoryPlanSecrets();
  let faults = noFaults();
  let runs: string[] = [];
  let agent: HostAgent | undefined;
  let clockMs = 1_000_000_000_000;

  function start(runPlan: RunPlan, times: Partial<AgentTimes> = {}): HostAgent {
    agent = startHostAgent({
      key,
      feed: secrets,
      api: secrets,
      faults,
      times: { ...quick, ...times },
      now: () => clockMs,
      runPeriodic: async () => ({ exitCode: 0, stdout: null, stderr: null }),
      runPlan: (run, secret, signal) => {
        runs.push(run.checksum);
        return runPlan(run, secret, signal);
      },
    });
    return agent;
  }
  const succeed: RunPlan = async (run) => ({ succeeded: true, outputs: { ...run.outputs, step: 'b2s=' } });
  const fail: RunPlan = async (run) => ({ succeeded: false, outputs: run.outputs });
  const text = (name: string): string => secrets.text(key, name);
  /** Runs that wait for the test, and die with the agent. */
  function openRuns(): { runPlan: RunPlan; open: OpenRun[] } {
    const open: OpenRun[] = [];
    const runPlan: RunPlan = (run, _, signal) =>
      new Promise((resolve, reject) => {
        signal.addEventListener('abort', () => reject(signal.reason));
        open.push({ ...run, end: (succeeded) => resolve({ succeeded, outputs: {} }) });
      });
    return { runPlan, open };
  }

  beforeEach(() => {
    secrets = createMemoryPlanSecrets();
    faults = noFaults();
    runs = [];
    secrets.recreate(key, '{}');
  });
  afterEach(() => agent?.stop());

  it('applies what stands there at its start and then each new plan once, and is silent', async () => {
    start(succeed);
    await expect.poll(() => text('applied-checksum')).toBe(checksumOf('{}'));
    secrets.edit(key, freshPlan(plan));
    await expect.poll(() => text('applied-checksum')).toBe(checksumOf(plan));
    const written = secrets.puts.length;
    await vi.waitUntil(() => runs.length === 2);
    secrets.edit(key, { unrelated: 'x' });
    secrets.edit(key, freshPlan(next));
    await expect.poll(() => text('applied-checksum')).toBe(checksumOf(next));
    expect(runs).toEqual(['{}', plan, next].map(checksumOf));
    expect(secrets.puts.length).toBe(written + 1);
  });

  it('stops at max-failures and retries a failed plan after the cooldown without it', async () => {
    secrets.edit(key, freshPlan(plan));
    start(fail);
    await expect.poll(() => text('failure-count')).toBe('1');
    secrets.edit(key, { 'max-failures': '2' });
    clockMs += 1_000;
    await expect.poll(() => text('failure-count')).toBe('2');
    expect(text('failed-checksum')).toBe(checksumOf(plan));
    clockMs += 10_000;
    secrets.edit(key, freshPlan(next));
    await expect.poll(() => text('failed-checksum')).toBe(checksumOf(next));
    expect(runs).toEqual([plan, plan, next].map(checksumOf));
  });

  it('lets a newer plan wait for the one that runs, drops its result and runs the new one', async () => {
    const { runPlan, open } = openRuns();
    secrets.edit(key, freshPlan(plan));
    start(runPlan);
    await vi.waitUntil(() => open.length === 1);
    secrets.edit(key, freshPlan(next));
    open[0]?.end(true);
    await vi.waitUntil(() => open.length === 2);
    expect(open[1]?.checksum).toBe(checksumOf(next));
    expect(secrets.puts).toEqual([]);
    open[1]?.end(true);
    await expect.poll(() => text('applied-checksum')).toBe(checksumOf(next));
  });

  it('keeps a success over a foreign write, and loses a failure to one', async () => {
    const { runPlan, open } = openRuns();
    secrets.edit(key, freshPlan(plan));
    start(runPlan);
    await vi.waitUntil(() => open.length === 1);
    secrets.edit(key, {}, { note: 'annotated' });
    open[0]?.end(true);
    await expect.poll(() => text('applied-checksum')).toBe(checksumOf(plan));
    expect((await secrets.get(key)).metadata.annotations).toMatchObject({ note: 'annotated' });

    secrets.edit(key, freshPlan(next));
    await vi.waitUntil(() => open.length === 2);
    secrets.edit(key, {}, { note: 'again' });
    open[1]?.end(false);
    await vi.waitUntil(() => open.length === 3);
    expect([text('failure-count'), text('failed-checksum')]).toEqual(['0', '']);
    expect(open[2]).toMatchObject({ checksum: checksumOf(next), attempt: 1 });
    open[2]?.end(false);
    await expect.poll(() => text('failure-count')).toBe('1');
  });

  it.each<[string, () => void]>([
    ['a crash before the PUT', () => (faults.crashesBeforePut = 1)],
    ['an API server that is away for four tries', () => (faults.unreachablePuts = 4)],
  ])('runs the whole plan again after %s', async (_, inject) => {
    inject();
    secrets.edit(key, freshPlan(plan));
    start(succeed);
    await expect.poll(() => text('applied-checksum')).toBe(checksumOf(plan));
    expect(runs).toEqual([plan, plan].map(checksumOf));
    expect(secrets.puts.length).toBe(1);
  });

  it('survives three lost tries of its PUT', async () => {
    faults.unreachablePuts = 3;
    secrets.edit(key, freshPlan(plan));
    start(succeed);
    await expect.poll(() => text('applied-checksum')).toBe(checksumOf(plan));
    expect(runs.length).toBe(1);
  });

  it('runs the current plan again after a restart; a forced run that fails loses Applied', async () => {
    let succeeds = true;
    secrets.edit(key, freshPlan(plan));
    const running = start((...given) => (succeeds ? succeed(...given) : fail(...given)));
    await expect.poll(() => text('applied-checksum')).toBe(checksumOf(plan));
    succeeds = false;
    running.restart();
    await expect.poll(() => text('failed-checksum')).toBe(checksumOf(plan));
    expect(text('applied-checksum')).toBe('');
    expect(runs.length).toBe(2);
  });

  it('kills the run of a process that ends and writes nothing', async () => {
    const { runPlan, open } = openRuns();
    secrets.edit(key, freshPlan(plan));
    const running = start(runPlan);
    await vi.waitUntil(() => open.length === 1);
    running.restart();
    await vi.waitUntil(() => open.length === 2);
    expect(secrets.puts).toEqual([]);
    open[1]?.end(true);
    await expect.poll(() => text('applied-checksum')).toBe(checksumOf(plan));
  });

  it('reports nothing for an error that is no failure, and tries again', async () => {
    secrets.edit(key, freshPlan(plan));
    let broken = 2;
    start(async (...given) => {
      broken -= 1;
      if (broken >= 0) throw new UnreportedPlanError('a file could not be written');
      return succeed(...given);
    });
    await expect.poll(() => text('applied-checksum')).toBe(checksumOf(plan));
    expect(runs.length).toBe(3);
    expect(secrets.puts.length).toBe(1);
  });

  it('says nothing while it is silent and answers when it is back', async () => {
    faults.silent = true;
    const running = start(succeed);
    secrets.edit(key, freshPlan(plan));
    await vi.waitFor(async () => expect(text('plan')).toBe(plan));
    expect(runs).toEqual([]);
    faults.silent = false;
    running.poke();
    await expect.poll(() => text('applied-checksum')).toBe(checksumOf(plan));
  });

  it('in plan-state mode loses the evidence of a failure, as upstream does', async () => {
    secrets.edit(key, { ...freshPlan(plan), 'plan-state': 'pending' });
    start(fail);
    await expect.poll(() => text('applied-checksum')).toBe(checksumOf(plan));
    expect([text('plan-state'), text('failed-checksum'), text('failure-count')]).toEqual(['failed', '', '0']);
    const states = secrets.puts.map(({ data }) => Buffer.from(data['plan-state'] ?? '', 'base64').toString());
    expect(states).toEqual(['in-progress', 'failed', 'failed']);
  });

  it.each(['null', 'not-gzip', 'not-json', 'huge'] as const)('reports a spoiled output: %s', async (output) => {
    faults.output = output;
    secrets.edit(key, freshPlan(plan));
    start(fail);
    await expect.poll(() => text('failed-checksum')).toBe(checksumOf(plan));
    const value = (await secrets.get(key)).data['failed-output'];
    expect((value ?? '').length).toBeLessThan(200_000);
    if (output === 'null') expect(decodeOutputs(value)).toEqual({ step: null });
    else if (output === 'huge') expect(decodeOutputs(value)['step']?.length).toBe(64 << 20);
    else expect(() => decodeOutputs(value)).toThrow(UnreportedPlanError);
  });
});
