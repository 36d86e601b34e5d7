import { expect, it } from 'vitest';
import { annotations } from '../../../api/constants.ts';
import type { ObjectKey } from '../../../api/meta.ts';
import type { Resource } from '../../../api/resources.ts';
import { readComparedMark, writeComparedMark } from '../../../k8s-bridge/leader/compared-mark.ts';
import { KubeConnectionError } from '../../../runtime/kube/client.ts';

const key = { namespace: 'lab', name: 'bridge' };
const NOW_MS = Date.parse('2026-01-02T03:04:05.678Z');
const MINUTE_MS = 60_000;

/** An API server with that Lease; undefined: none. */
const holding = (noted: Record<string, string> | undefined) => ({
  find: async <T>({ schema }: Resource<T>, metadata: ObjectKey): Promise<T | undefined> =>
    noted && schema.parse({ metadata: { ...metadata, resourceVersion: '1', annotations: noted } }),
});

it.each([
  ['a moment', 1_000, true],
  ['an hour', 60 * MINUTE_MS, true],
  ['longer than that', 61 * MINUTE_MS, false],
  ['by another clock, less than nothing', -1_000, false],
])('is believed for an hour: %s ago', async (_age, ageMs, isBelieved) => {
  const atMs = NOW_MS - ageMs;
  expect(await readComparedMark(holding(writeComparedMark(atMs)), key, NOW_MS)).toBe(isBelieved ? atMs : undefined);
});

it.each([
  ['there is no Lease', holding(undefined)],
  ['nobody has compared yet', holding(writeComparedMark(undefined))],
  ['somebody wrote something else there', holding({ [annotations.runsCompared]: 'yes' })],
  [
    'the API server does not answer',
    { find: () => Promise.reject(new KubeConnectionError('away', { timedOut: true })) },
  ],
])('is not there when %s', async (_why, client) => {
  expect(await readComparedMark(client, key, NOW_MS)).toBeUndefined();
});
