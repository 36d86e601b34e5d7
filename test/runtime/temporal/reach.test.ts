import { describe, expect, it } from 'vitest';
import { whyNobodyServes, whyUnreached } from '../../../runtime/temporal/reach.ts';
import type { Build, Poller, TaskQueueView } from '../../../runtime/temporal/task-queue.ts';

const NOW = Date.parse('2026-01-01T00:10:00Z');
const build = (buildId: string): Build => ({ deploymentName: 'queue', buildId });

function poller(identity: string, of: Build | undefined, ageMs = 1_000): Poller {
  return { identity, build: of, lastSeenMs: NOW - ageMs };
}

function queue(changes: Partial<TaskQueueView>): TaskQueueView {
  return { pollers: [], current: undefined, ramping: undefined, ...changes };
}

describe('tasks reach a worker', () => {
  const unversioned = { identity: 'me', build: undefined };
  const two = { identity: 'me', build: build('two') };

  it.each([
    ['unversioned, as all are', unversioned, queue({ pollers: [poller('me', undefined)] })],
    ['of the current build', two, queue({ pollers: [poller('me', build('two'))], current: build('two') })],
    [
      'of a build that gets a share',
      two,
      queue({ pollers: [poller('me', build('two'))], current: build('one'), ramping: build('two') }),
    ],
    [
      'unversioned, and gets a share',
      unversioned,
      queue({ pollers: [poller('me', undefined)], current: build('one'), ramping: 'unversioned' }),
    ],
  ])('that is %s', (_name, worker, view) => {
    expect(whyUnreached(worker, view)).toBeUndefined();
  });

  it.each([
    [
      'that Temporal has not seen',
      unversioned,
      queue({ pollers: [poller('other', undefined)] }),
      'not seen this worker',
    ],
    [
      'without a build id beside a current build',
      unversioned,
      queue({ pollers: [poller('me', undefined)], current: build('one') }),
      'build one is current, and a worker without a build id gets no task; give it an IRONLOOM_BUILD_ID, or: temporal worker deployment set-current-version --deployment-name queue --unversioned',
    ],
    [
      'of another build than the current one',
      two,
      queue({ pollers: [poller('me', build('two'))], current: build('one') }),
      'build one is current, not two; to change that: temporal worker deployment set-current-version --deployment-name queue --build-id two',
    ],
    [
      'of a build where none is current',
      two,
      queue({ pollers: [poller('me', build('two'))] }),
      'workers without a build id get the tasks, not two',
    ],
    [
      'of the same build in another deployment',
      two,
      queue({ pollers: [poller('me', build('two'))], current: { deploymentName: 'other', buildId: 'two' } }),
      'build two is current, not two',
    ],
  ])('not one %s', (_name, worker, view, words) => {
    expect(whyUnreached(worker, view)).toContain(words);
  });
});

describe('runs are picked up', () => {
  it.each([
    ['an unversioned worker', queue({ pollers: [poller('a', undefined)] })],
    ['a worker of the current build', queue({ pollers: [poller('a', build('one'))], current: build('one') })],
    ['one that asked a minute ago', queue({ pollers: [poller('a', undefined, 65_000)] })],
    ['one whose clock is ahead', queue({ pollers: [poller('a', undefined, -30_000)] })],
  ])('by %s', (_name, view) => {
    expect(whyNobodyServes(view, NOW)).toBeUndefined();
  });

  it.each([
    ['there is none', queue({}), 'no worker asks for its tasks'],
    ['the last one was killed', queue({ pollers: [poller('a', undefined, 80_000)] }), 'no worker asks for its tasks'],
    ['none is current', queue({ pollers: [poller('a', build('one'))] }), 'none of them is current'],
    [
      'the workers of the current build are gone',
      queue({ pollers: [poller('a', build('two')), poller('b', undefined)], current: build('one') }),
      'build one is current, and no worker of it is there, only of: no build id, two',
    ],
  ])('by nobody when %s', (_name, view, words) => {
    expect(whyNobodyServes(view, NOW)).toContain(words);
  });
});
