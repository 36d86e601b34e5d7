import { randomBytes } from 'node:crypto';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { secretSchema } from '../../api/core.ts';
import { attemptId } from '../../domain/plan/attempt.ts';
import { renderCleanPlan } from '../../domain/plan/clean.ts';
import { lastFailureKey, parseLastFailure } from '../../domain/plan/last-failure.ts';
import { createReader, type Reader } from '../../reading/reader.ts';
import { measureStall } from '../support/event-loop-stall.ts';
import { metaDataOf } from '../support/host-meta-data.ts';
import { hostileBootstrap } from '../support/hostile-bootstrap.ts';

const metaData = metaDataOf();
const good = '#cloud-config\nruncmd: [true]\n';

const stringContaining = (text: string): unknown => expect.stringContaining(text);

let reader: Reader;

beforeAll(async () => {
  // Others use the machine as well: here it is not about time.
  reader = createReader({ threads: 2, limits: { timeMs: 30_000, heapMb: 128 } });
  await reader.bootstrap({ userData: good, metaData });
});

afterAll(() => reader.close());

describe('createReader', () => {
  it('refuses hostile user-data with the place, and holds up nothing meanwhile', async () => {
    const hostile = Object.values(hostileBootstrap);
    const { answer, stallMs } = await measureStall(() =>
      Promise.all([
        ...hostile.map(({ userData }) => reader.bootstrap({ userData, metaData })),
        reader.bootstrap({ userData: good, metaData }),
      ]),
    );
    const places = answer.map((result) => (result.kind === 'invalid' ? result.message : result.kind));
    expect(places).toEqual([...hostile.map(({ place }) => stringContaining(place)), 'normalised']);
    expect(stallMs).toBeLessThan(100);
  }, 30_000);

  it('reads the network of a host, and refuses one without end', async () => {
    const interfaces = [{ name: 'eno1', mac: '52:54:00:00:00:01', addresses: ['192.0.2.1/24'] }];
    expect(await reader.network({ observedNetwork: { interfaces } }, {})).toMatchObject({ kind: 'config' });
    const { answer, stallMs } = await measureStall(() =>
      reader.network({ observedNetwork: { interfaces: Array(300_000).fill(1) } }, {}),
    );
    expect(answer.kind).toBe('invalid');
    expect(stallMs).toBeLessThan(100);
  }, 30_000);

  it('explains the output of a host, and holds up nothing over one that is huge', async () => {
    const output = (steps: unknown) => gzipSync(JSON.stringify(steps)).toString('base64');
    const line = Buffer.from('ironloom: step upgrade failed with exit code 124\n').toString('base64');
    expect(await reader.failure(output({ reprovision: line }))).toMatchObject({ exitCode: 124 });
    const many = gzipSync('['.repeat(4_000_000)).toString('base64');
    const { answer, stallMs } = await measureStall(() => reader.failure(many));
    expect(answer.message).toContain('The plan failed on the host');
    expect(stallMs).toBeLessThan(100);
  }, 30_000);

  it('puts the evidence of a failure aside, however large, and holds up nothing meanwhile', async () => {
    const plan = renderCleanPlan({ attemptId: attemptId({ uid: 'uid-1', planType: 'clean', attempt: 1 }) });
    const noise = randomBytes(2_000_000).toString('base64');
    const output = gzipSync(JSON.stringify({ 'ironloom-clean': noise }), { level: 1 }).subarray(0, 900 * 1024);
    const encode = (value: string): string => Buffer.from(value).toString('base64');
    const secret = secretSchema.parse({
      metadata: { name: 'h', namespace: 'ns' },
      data: {
        plan: encode(plan.json),
        'failed-checksum': encode(plan.checksum),
        'failed-output': output.toString('base64'),
      },
    });
    const { answer, stallMs } = await measureStall(() => reader.lastFailure(secret, 1_000));
    const kept = parseLastFailure(answer[lastFailureKey] ?? '');
    expect(kept?.attempt).toBe(attemptId({ uid: 'uid-1', planType: 'clean', attempt: 1 }));
    expect(stallMs).toBeLessThan(100);
  }, 30_000);
});
