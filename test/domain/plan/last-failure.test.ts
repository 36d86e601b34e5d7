import { randomBytes } from 'node:crypto';
import { gunzipSync, gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { type Secret, secretSchema } from '../../../api/core.ts';
import { attemptId } from '../../../domain/plan/attempt.ts';
import { renderCleanPlan } from '../../../domain/plan/clean.ts';
import { planLimitBytes } from '../../../domain/plan/document.ts';
import { decodeOutputTail } from '../../../domain/plan/failure-output.ts';
import {
  keepLastFailure,
  lastFailureKey,
  mayHoldFailure,
  parseLastFailure,
} from '../../../domain/plan/last-failure.ts';
import { planSecretPatch } from '../../../domain/plan/secret.ts';
import { tellOutputs } from '../../../domain/plan/told-outputs.ts';

const id = attemptId({ uid: 'uid-1', planType: 'clean', attempt: 2, claim: 'secret-1' });
const plan = renderCleanPlan({ attemptId: id });
const now = new Date('2026-07-05T03:04:05Z');
const mib = 1024 * 1024;

const pack = (text: string): string =>
  gzipSync(JSON.stringify({ 'ironloom-clean': Buffer.from(text).toString('base64') })).toString('latin1');
const ending = 'ironloom: step stop-kubelet failed with exit code 7\n';
/** Text that no compression makes smaller than three quarters of it. */
const noise = (bytes: number): string => randomBytes(bytes / 2).toString('hex');

function secretWith(data: Record<string, string>, managedFields?: unknown): Secret {
  const encoded: Record<string, string> = {};
  for (const [key, value] of Object.entries(data)) encoded[key] = Buffer.from(value, 'latin1').toString('base64');
  return secretSchema.parse({
    metadata: { name: 'h', namespace: 'ns', uid: 'u', resourceVersion: '7', managedFields },
    data: encoded,
  });
}

const failedWith = (output: string): Record<string, string> => ({
  plan: plan.json,
  'failed-checksum': plan.checksum,
  'failed-output': pack(output),
});
const kept = (secret: Secret, planBytes = 1000) =>
  parseLastFailure(keepLastFailure(secret, planBytes, now)[lastFailureKey] ?? '');
const bytesOf = (base64: string | null | undefined): number => Buffer.from(base64 ?? '', 'base64').length;

describe('mayHoldFailure', () => {
  it.each<[string, boolean, Record<string, string>]>([
    ['a failed plan', true, failedWith(ending)],
    ['a failure that is kept', true, { [lastFailureKey]: 'e30=' }],
    ['a plan that was applied', false, { plan: 'e30=', 'applied-checksum': 'YQ==', 'failed-checksum': '' }],
  ])('of %s: %s', (_, holds, data) => {
    expect(mayHoldFailure(secretWith(data))).toBe(holds);
  });
});

describe('keepLastFailure', () => {
  it('puts aside the failure of ours that a new plan replaces', () => {
    const failure = kept(secretWith(failedWith(`boom\n${ending}`)));
    expect(failure).toMatchObject({ attempt: id, time: now.toISOString(), step: 'stop-kubelet', code: 7 });
    expect(decodeOutputTail(failure?.output, { maxLines: 9 })).toBe(`boom\n${ending.trim()}`);
  });

  it('knows from the API server when the host reported it', () => {
    const managedFields = [
      { time: '2026-01-01T00:00:00Z', fieldsV1: { 'f:data': { 'f:plan': {} } } },
      { time: '2026-02-02T00:00:00Z', fieldsV1: { 'f:data': { 'f:failed-checksum': {} } } },
    ];
    expect(kept(secretWith(failedWith(ending), managedFields))?.time).toBe('2026-02-02T00:00:00Z');
    expect(kept(secretWith(failedWith(ending), 'nonsense'))?.time).toBe(now.toISOString());
  });

  it.each<[string, Record<string, string>]>([
    ['no plan', {}],
    ['a plan that was applied', { plan: plan.json, 'applied-checksum': plan.checksum, 'applied-output': pack('x') }],
    ['a plan that the host is at', { plan: plan.json }],
    ['a failure of an earlier plan', { ...failedWith('x'), 'failed-checksum': 'a'.repeat(64) }],
    ["somebody else's failure", { ...failedWith('x'), plan: '{"instructions":[]}' }],
  ])('keeps what stands there over %s', (_, data) => {
    expect(keepLastFailure(secretWith(data), 1000, now)).toEqual({});
    const standing = keepLastFailure(secretWith(failedWith('first')), 1000, now)[lastFailureKey] ?? '';
    const raw = Buffer.from(standing, 'base64').toString('latin1');
    expect(keepLastFailure(secretWith({ ...data, [lastFailureKey]: raw }), 1000, now)).toEqual({});
  });

  it('is a failure also where the agent has lost its evidence', () => {
    const secret = secretWith({ plan: plan.json, 'plan-state': 'failed', 'applied-checksum': plan.checksum });
    expect(kept(secret)).toEqual({ attempt: id, time: now.toISOString(), step: null, code: null, output: '' });
  });

  it('keeps the end of an output that is too large', () => {
    const value = keepLastFailure(secretWith(failedWith(`${noise(mib)}\nboom\n${ending}`)), 1000, now)[lastFailureKey];
    expect(bytesOf(value)).toBeLessThanOrEqual(256 * 1024);
    expect(bytesOf(value)).toBeGreaterThan(64 * 1024);
    const failure = parseLastFailure(value ?? '');
    expect(failure).toMatchObject({ truncated: true, step: 'stop-kubelet', code: 7 });
    expect(decodeOutputTail(failure?.output, { maxLines: 2 })).toBe(`boom\n${ending.trim()}`);
  });

  it('makes room for the largest plan, then and later', () => {
    const limit = mib - 64 * 1024;
    const secret = secretWith({
      ...failedWith(`${noise(mib)}\n${ending}`),
      'applied-periodic-output': 'x'.repeat(9000),
    });
    const first = keepLastFailure(secret, 1000, now)[lastFailureKey] ?? '';
    expect(bytesOf(first) + 9000 + planLimitBytes).toBeGreaterThan(mib);
    const raw = Buffer.from(first, 'base64').toString('latin1');
    const later = secretWith({ plan: '{}', [lastFailureKey]: raw, 'applied-periodic-output': 'x'.repeat(9000) });
    const second = keepLastFailure(later, planLimitBytes, now)[lastFailureKey];
    expect(parseLastFailure(second ?? '')).toMatchObject({ attempt: id, truncated: true, code: 7 });
    expect(bytesOf(second) + 9000 + planLimitBytes).toBeLessThan(limit);
  });

  it('drops what cannot be read where it does not fit', () => {
    const secret = secretWith({ [lastFailureKey]: noise(300 * 1024) });
    expect(keepLastFailure(secret, 1000, now)).toEqual({ [lastFailureKey]: null });
    const full = secretWith({ ...failedWith(ending), other: 'x'.repeat(mib) });
    expect(keepLastFailure(full, 1000, now)).toEqual({ [lastFailureKey]: null });
  });

  it('takes any garbage that a host wrote', () => {
    const output = fc.oneof(
      fc.string(),
      fc.base64String(),
      fc.constant(gzipSync(Buffer.alloc(5_000_000)).toString('latin1')),
    );
    fc.assert(
      fc.property(output, fc.string(), (said, stands) => {
        const data = { ...failedWith(''), 'failed-output': said, [lastFailureKey]: stands };
        expect(bytesOf(keepLastFailure(secretWith(data), 1000, now)[lastFailureKey])).toBeLessThanOrEqual(256 * 1024);
        expect(tellOutputs(secretWith({ [lastFailureKey]: stands, 'failed-output': said }), 9).length).toBeLessThan(3);
      }),
      { numRuns: 40 },
    );
  });

  it('goes with the plan, in the one patch', () => {
    const lastFailure = keepLastFailure(secretWith(failedWith(ending)), 1000, now);
    const patch = planSecretPatch({ plan, attemptId: id, planType: 'clean', resourceVersion: '7', lastFailure });
    expect(patch).toMatchObject({ data: { 'failed-output': '', ...lastFailure } });
  });

  it('can be read with kubectl, base64, gunzip and jq', () => {
    const value = Buffer.from(
      keepLastFailure(secretWith(failedWith(ending)), 1000, now)[lastFailureKey] ?? '',
      'base64',
    );
    const { output } = z.object({ output: z.base64() }).parse(JSON.parse(value.toString()));
    const outputs = z
      .record(z.string(), z.base64())
      .parse(JSON.parse(gunzipSync(Buffer.from(output, 'base64')).toString()));
    expect(Buffer.from(outputs['ironloom-clean'] ?? '', 'base64').toString()).toBe(ending);
  });
});
