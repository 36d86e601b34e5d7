import { MockActivityEnvironment } from '@temporalio/testing';
import { DefaultLogger } from '@temporalio/worker';
import { expect, test } from 'vitest';
import { endingSoon } from '../../../activities/step/stopped.ts';
import { KubeApiError } from '../../../runtime/kube/client.ts';

type Moment = readonly [attempt: number, secondsAgo: number];

/** Whether the attempt is the last one, when the API server answers so and the step began that long ago. */
async function ends(code: number, [attempt, secondsAgo]: Moment): Promise<boolean> {
  const environment = new MockActivityEnvironment(
    { attempt, scheduledTimestampMs: Date.now() - secondsAgo * 1000 },
    { logger: new DefaultLogger('ERROR') },
  );
  const failing = () => endingSoon<never>(() => Promise.reject(new KubeApiError(code, '', `HTTP ${code}`)));
  return environment.run(failing).then(
    () => true,
    () => false,
  );
}

test.each<[string, number, Moment, Moment, Moment]>([
  ['a refusal is believed at the third attempt', 403, [1, 0], [2, 100], [3, 0]],
  ['who is away is waited for up to half a minute', 503, [1, 100], [6, 10], [2, 26]],
  ['or up to the seventh attempt', 503, [1, 0], [6, 20], [7, 20]],
  // The first attempt may have died with its worker, and taken the time with it.
  [
    'a conflict is one that does not heal after three attempts, however long the first took',
    409,
    [1, 0],
    [2, 60],
    [3, 60],
  ],
  ['or after the seventh', 409, [1, 0], [6, 20], [7, 20]],
])('%s', async (_, code, first, before, last) => {
  expect(await ends(code, first)).toBe(false);
  expect(await ends(code, before)).toBe(false);
  expect(await ends(code, last)).toBe(true);
});
