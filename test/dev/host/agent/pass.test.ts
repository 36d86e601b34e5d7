import { describe, expect, it } from 'vitest';
import { type AgentMemory, decidePass, freshMemory } from '../../../../dev/host/agent/pass.ts';
import type { PlanRun } from '../../../../dev/host/agent/plan-run.ts';
import { isSameData, layRunFailure, layRunSuccess, mergeAfterConflict } from '../../../../dev/host/agent/result.ts';
import { decodeOutputs, encodeOutputs } from '../../../../dev/elemental/host-plan.ts';
import { type PlanSecret, readText, type SecretData, toValue } from '../../../../dev/elemental/plan-secret.ts';
import { formatUnixDate, parseUnixDate } from '../../../../dev/host/agent/unix-date.ts';
import { checksumOf } from '../memory-api.ts';

const plan = '{"instructions":[{"name":"step","command":"true"}],"attempt":"1"}';
const other = '{"instructions":[],"attempt":"2"}';
const checksum = checksumOf(plan);
const nowMs = Date.parse('2026-07-05T03:04:35Z');

function secretOf(texts: Record<string, string>, metadata: Partial<PlanSecret['metadata']> = {}): PlanSecret {
  const data = Object.fromEntries(Object.entries(texts).map(([key, text]) => [key, toValue(text)]));
  return { metadata: { namespace: 'ns', name: 'host', uid: 'u1', resourceVersion: '10', ...metadata }, data };
}

function decide(secret: PlanSecret, memory: Partial<AgentMemory> = {}, ignoresPlanState = false) {
  const base = { ...freshMemory(5_000), uid: 'u1', ranOnce: true };
  return decidePass({ secret, memory: { ...base, ...memory }, nowMs, retryCooldownMs: 30_000, ignoresPlanState });
}

describe('decidePass, checksum mode', () => {
  const failed = { plan, 'failed-checksum': checksum, 'failure-count': '1' };
  const started = (secondsAgo: number): string => formatUnixDate(nowMs - secondsAgo * 1000);
  it.each<[string, Record<string, string>, Partial<AgentMemory>, 'run' | 'settled']>([
    ['a new plan runs', { plan, 'applied-checksum': checksumOf(other) }, {}, 'run'],
    ['an applied plan does not', { plan, 'applied-checksum': checksum }, {}, 'settled'],
    [
      'an applied plan runs on the first pass of a process',
      { plan, 'applied-checksum': checksum },
      { ranOnce: false },
      'run',
    ],
    ['an own write is no reason', { plan, 'applied-checksum': '' }, { lastResourceVersion: '10' }, 'settled'],
    ['at max-failures it stays', { ...failed, 'max-failures': '1' }, {}, 'settled'],
    ['max-failures 0 is one attempt', { ...failed, 'max-failures': '0' }, {}, 'settled'],
    ['at max-failures even on the first pass', { ...failed, 'max-failures': '1' }, { ranOnce: false }, 'settled'],
    ['absent max-failures retries', failed, {}, 'run'],
    ['-1 retries', { ...failed, 'max-failures': '-1' }, {}, 'run'],
    ['garbage retries', { ...failed, 'max-failures': 'many' }, {}, 'run'],
    ['29 s after the start it waits', { ...failed, 'last-apply-time': started(29) }, {}, 'settled'],
    ['30 s after the start it runs', { ...failed, 'last-apply-time': started(30) }, {}, 'run'],
    [
      'a failed plan runs again after its own write',
      { ...failed, 'last-apply-time': started(31) },
      { lastResourceVersion: '10' },
      'run',
    ],
    ['an unreadable start time does not wait', { ...failed, 'last-apply-time': 'yesterday' }, {}, 'run'],
    [
      'the failure of another plan does not count',
      { ...failed, 'failed-checksum': checksumOf(other), 'max-failures': '1' },
      {},
      'run',
    ],
  ])('%s', (_, texts, memory, kind) => {
    expect(decide(secretOf(texts), memory).kind).toBe(kind);
  });

  it('ignores an object older than its own write', () => {
    expect(decide(secretOf({ plan }, { resourceVersion: '9' }), { lastResourceVersion: '10' }).kind).toBe('stale');
    expect(decide(secretOf({ plan }, { resourceVersion: '100' }), { lastResourceVersion: '99' }).kind).toBe('run');
  });

  it('forgets everything when the Secret was made anew', () => {
    const applied = secretOf({ plan, 'applied-checksum': checksum }, { uid: 'u2', resourceVersion: '3' });
    expect(decide(applied, { lastResourceVersion: '10' }).kind).toBe('run');
  });

  it('idles without a plan and never reports what it cannot read', () => {
    expect(decide(secretOf({})).kind).toBe('idle');
    expect(decide(secretOf({ plan: '{' })).kind).toBe('unreadable');
    expect(decide(secretOf({ plan: '{"instructions":[{"name":1}]}' })).kind).toBe('unreadable');
    expect(decide(secretOf({ plan, 'applied-output': 'no gzip' })).kind).toBe('unreadable');
  });

  it('starts its outputs from those of the plan before, of a retry from the failed ones', () => {
    const outputs = { 'applied-output': encodeOutputs({ a: 'QQ==' }), 'failed-output': encodeOutputs({ b: 'Qg==' }) };
    const run = (texts: Record<string, string>): PlanRun => {
      const secret = secretOf(texts);
      const decision = decide({ ...secret, data: { ...secret.data, ...outputs } });
      if (decision.kind !== 'run') throw new Error(decision.kind);
      return decision.run;
    };
    expect(run({ plan }).outputs).toEqual({ a: 'QQ==' });
    expect(run(failed).outputs).toEqual({ b: 'Qg==' });
    expect(run({ ...failed, 'failure-count': 'x' }).attempt).toBe(1);
    expect(run({ ...failed, 'failure-count': '4' }).attempt).toBe(5);
  });

  it('remembers the tick interval after the key is gone', () => {
    const first = decide(secretOf({ plan, 'probe-period-seconds': '2' }));
    if (first.kind !== 'run') throw new Error(first.kind);
    expect(first.memory.periodMs).toBe(2_000);
    const second = decide(secretOf({ plan, 'applied-checksum': checksum }), first.memory);
    if (second.kind !== 'settled') throw new Error(second.kind);
    expect(second.memory.periodMs).toBe(2_000);
  });
});

describe('results', () => {
  function runOf(texts: Record<string, string>, memory: Partial<AgentMemory> = {}): PlanRun {
    const decision = decide(secretOf(texts), memory);
    if (decision.kind !== 'run') throw new Error(decision.kind);
    return decision.run;
  }
  const shown = (data: SecretData, ...keys: string[]): string[] => keys.map((key) => readText(data, key));

  it('writes a success and settles on it', () => {
    const data = layRunSuccess(runOf({ plan, 'success-count': '2', 'failed-checksum': 'x' }), { step: 'QQ==' }, nowMs);
    const keys = ['applied-checksum', 'failed-checksum', 'failure-count', 'success-count', 'last-apply-time'];
    expect(shown(data, ...keys, 'probe-statuses')).toEqual([
      checksum,
      '',
      '0',
      '3',
      'Sun Jul  5 03:04:35 UTC 2026',
      '{}',
    ]);
    expect(decodeOutputs(data['applied-output'])).toEqual({ step: 'QQ==' });
    expect(decodeOutputs(data['applied-periodic-output'])).toEqual({});
    const settled = decide({ ...secretOf({}), data: { ...data } });
    if (settled.kind !== 'settled') throw new Error(settled.kind);
    expect(isSameData(settled.data, data)).toBe(true);
  });

  it('a failure leaves applied-checksum, a failed forced run leaves it empty', () => {
    const applied = { plan, 'applied-checksum': checksumOf(other), 'failure-count': '1' };
    const failure = layRunFailure(runOf(applied), { step: null }, nowMs);
    expect(shown(failure, 'applied-checksum', 'failed-checksum', 'failure-count', 'success-count')).toEqual([
      checksumOf(other),
      checksum,
      '2',
      '0',
    ]);
    const forced = layRunFailure(runOf({ plan, 'applied-checksum': checksum }, { ranOnce: false }), {}, nowMs);
    expect(shown(forced, 'applied-checksum', 'failed-checksum')).toEqual(['', checksum]);
  });

  it('merges a success into a Secret whose plan is the same, and nothing else', () => {
    const success = layRunSuccess(runOf({ plan }), {}, nowMs);
    const failure = layRunFailure(runOf({ plan }), {}, nowMs);
    const edited = { plan: toValue(plan), extra: toValue('x') };
    const merged = mergeAfterConflict(edited, success);
    expect(merged).toMatchObject({ extra: toValue('x'), 'applied-checksum': toValue(checksum), 'plan-state': '' });
    expect(mergeAfterConflict({ plan: toValue(other) }, success)).toBeUndefined();
    expect(mergeAfterConflict(edited, failure)).toBeUndefined();
  });
});

describe('decidePass, plan-state mode', () => {
  it('announces a pending plan and runs it whatever the checksums say', () => {
    const texts = {
      plan,
      'applied-checksum': checksum,
      'plan-state': 'pending',
      'plan-revision': '4',
      'failure-count': '7',
    };
    const decision = decide(secretOf(texts));
    if (decision.kind !== 'run') throw new Error(decision.kind);
    expect(decision.run).toMatchObject({ attempt: 1, mode: 'plan-state' });
    expect(readText(decision.run.announcement ?? {}, 'plan-state')).toBe('in-progress');
    expect(readText(decision.run.announcement ?? {}, 'plan-revision')).toBe('5');
    expect(readText(layRunFailure(decision.run, {}, nowMs), 'plan-state')).toBe('failed');
    expect(readText(layRunSuccess(decision.run, {}, nowMs), 'plan-state')).toBe('succeeded');
  });

  it('runs an interrupted plan again without an announcement', () => {
    const decision = decide(secretOf({ plan, 'plan-state': 'in-progress', 'failure-count': '1' }), { ranOnce: false });
    if (decision.kind !== 'run') throw new Error(decision.kind);
    expect(decision.run).toMatchObject({ attempt: 2, announcement: undefined });
  });

  it.each(['succeeded', 'failed', 'cancelled', 'whatever'])(
    'under %s nothing runs and the plan counts as applied',
    (state) => {
      const texts = { plan, 'plan-state': state, 'failed-checksum': checksum, 'failure-count': '1' };
      const decision = decide(secretOf(texts), { ranOnce: false });
      if (decision.kind !== 'settled') throw new Error(decision.kind);
      expect(readText(decision.data, 'applied-checksum')).toBe(checksum);
      expect(readText(decision.data, 'failed-checksum')).toBe('');
      expect(readText(decision.data, 'failure-count')).toBe('0');
    },
  );

  it('is unknown to old agents', () => {
    expect(decide(secretOf({ plan, 'plan-state': 'failed' }), {}, true).kind).toBe('run');
  });
});

describe('what the real agent writes', () => {
  const settledBy = (texts: Record<string, string>, memory: Partial<AgentMemory> = {}): SecretData => {
    const decision = decide(secretOf(texts), memory);
    if (decision.kind !== 'settled') throw new Error(decision.kind);
    return decision.data;
  };

  it('is an empty value for an output that a terminal state never had', () => {
    const data = settledBy({ plan, 'plan-state': 'succeeded' });
    expect(data['applied-output']).toBe('');
  });

  it('holds probes and periodic outputs after the first pass over a failed plan, too', () => {
    const failed = { plan, 'failed-checksum': checksum, 'failure-count': '1' };
    const data = settledBy({ ...failed, 'last-apply-time': formatUnixDate(nowMs) }, { ranOnce: false });
    expect(readText(data, 'probe-statuses')).toBe('{}');
    expect(decodeOutputs(data['applied-periodic-output'])).toEqual({});
    expect(readText(data, 'failed-checksum')).toBe(checksum);
  });

  it('applies a plan that is null, and knows fields in any case', () => {
    expect(decide(secretOf({ plan: 'null' })).kind).toBe('run');
    const shouted = '{"INSTRUCTIONS":[{"Name":"a","COMMAND":"true","SaveOutput":true}],"Files":[{"PATH":"/x"}]}';
    const decision = decide(secretOf({ plan: shouted }));
    if (decision.kind !== 'run') throw new Error(decision.kind);
    expect(decision.run.plan).toMatchObject({
      instructions: [{ name: 'a', command: 'true', saveOutput: true }],
      files: [{ path: '/x' }],
    });
  });
});

describe('UnixDate', () => {
  it('reads what it writes and nothing else', () => {
    for (const timeMs of [nowMs, Date.parse('2026-12-31T23:59:59Z')])
      expect(parseUnixDate(formatUnixDate(timeMs))).toBe(timeMs);
    expect(parseUnixDate('2026-12-31T23:59:59Z')).toBeUndefined();
  });
});
