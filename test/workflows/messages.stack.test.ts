import { describe, expect, test } from 'vitest';
import { lifeQuery } from '../../workflows/messages.ts';
import type { BeginOutcome } from '../../domain/life/step-outcomes.ts';
import { host, snapshot } from '../domain/life/life-fixtures.ts';
import { besideTask } from '../support/beside-task.ts';
import { scriptActivities } from '../support/scripted-activities.ts';
import { waitFor } from '../support/wait-for.ts';
import {
  deleting,
  findFailedTasks,
  joined,
  type Life,
  liveToRunning,
  useTemporal,
  withLife,
} from '../support/workflow-life.ts';

useTemporal();

/** Two or three of them make a history that the server wants to see continued as new. */
const heavy = { note: 'x'.repeat(1_900_000) };

const floods: [string, (life: Life, nth: number) => Promise<void>][] = [
  ['of an unknown name', ({ handle }) => handle.signal('retyr', heavy)],
  ['with a payload that is none', ({ handle }) => handle.signal('machineObserved', heavy)],
  ['with an operation that is none', ({ handle }) => handle.signal('retry', [heavy])],
  ['that repeat what is known', ({ handle }) => handle.signal('machineObserved', { ...snapshot(joined), ...heavy })],
];

describe('a flood of signals that change nothing', () => {
  test.each(floods)('%s: the run starts over while it waits, and hears the deletion', async (_, send) => {
    const script = scriptActivities();
    await withLife(script, async (life) => {
      await liveToRunning(life);
      await life.observe(joined);
      await waitFor('the node has joined', async () => JSON.stringify(script.published).includes('NodeJoined'));
      await untilStartedOver(life, send);
      await life.observe(deleting);
      await life.answer('clean', { kind: 'applied' });
      expect(await life.handle.result()).toMatch(/^released: /);
      expect(await findFailedTasks(life)).toEqual([]);
    });
  });

  test.each(floods.slice(0, 1))(
    '%s: a run that waits for its host starts over, and takes the answer',
    async (_, send) => {
      await withLife(scriptActivities(), async (life) => {
        await life.observe({});
        await life.until('awaitPlanResult');
        await untilStartedOver(life, send);
        await life.answer('reprovision', { kind: 'applied' });
        await life.until('completeProvisioning');
        await life.handle.terminate();
      });
    },
  );
});

test('a machine that is told to go on counts as that, although a step found it paused before', async () => {
  const told = Promise.withResolvers<void>();
  const found: BeginOutcome[] = [
    { kind: 'claimTried', claim: { kind: 'paused' }, nodeJoinDeadlineMs: 60_000, statusWritten: true },
    { kind: 'claimTried', claim: { kind: 'claimed', host: host() }, nodeJoinDeadlineMs: 60_000 },
  ];
  const beginLife = besideTask(async (): Promise<BeginOutcome> => {
    await told.promise;
    return found.shift() ?? { kind: 'gone' };
  });
  await withLife(scriptActivities({ beginLife }), async (life) => {
    await life.observe({});
    await life.until('beginLife');
    await life.observe({ paused: true });
    await life.observe({});
    told.resolve();
    await life.until('awaitPlanResult');
    expect(found).toEqual([]);
    await life.handle.terminate();
  });
});

test('a deletion that repeats a lie counts while a step finds the lie untrue', async () => {
  const told = Promise.withResolvers<void>();
  const looked = Promise.withResolvers<void>();
  let looks = 0;
  const { writeCleanPlan } = scriptActivities().activities;
  const script = scriptActivities({
    async writeCleanPlan(input) {
      looks += 1;
      if (looks > 1) return writeCleanPlan(input);
      looked.resolve();
      await told.promise;
      return { kind: 'unjustified' };
    },
  });
  await withLife(script, async (life) => {
    await liveToRunning(life);
    await life.observe(deleting);
    await looked.promise;
    await life.observe(deleting);
    told.resolve();
    await life.answer('clean', { kind: 'applied' });
    expect(await life.handle.result()).toMatch(/^released: /);
  });
});

test('who was told what came to nothing says that it has heard, once: the bridge tells again what it told before', async () => {
  const told = Promise.withResolvers<void>();
  const looked = Promise.withResolvers<void>();
  const writeCleanPlan = async () => {
    looked.resolve();
    await told.promise;
    return { kind: 'unjustified' } as const;
  };
  const script = scriptActivities({ writeCleanPlan });
  const answers = () => script.published.filter(({ answersOnly }) => answersOnly === true);
  const waiting = { provisioning: null };
  await withLife(script, async (life) => {
    await liveToRunning(life);
    await waitFor('it waits for its node', async () => JSON.stringify(script.published).includes('WaitingForNode'));
    await life.observe({ ...waiting, deleting: true });
    await looked.promise;
    await life.observe(joined);
    await life.observe(waiting);
    told.resolve();
    await waitFor('it has answered', async () => answers().length > 0);
    expect(answers()[0]?.observed).toEqual(snapshot(waiting));
    await life.observe(joined);
    const hasJoined = async () => script.published.at(-1)?.observed.machine?.nodeName === 'n';
    await waitFor('the node has joined', hasJoined);
    expect(answers()).toHaveLength(1);
    await life.handle.terminate();
  });
});

test.each([
  ['gone', { gone: true }],
  ['gone and paused', { gone: true, paused: true }],
  ['gone and moved', { gone: true, deletedForMove: true }],
])('a machine that is there and said to be %s goes on', async (_, lie) => {
  const script = scriptActivities({ confirmGone: async () => ({ kind: 'live' }) });
  await withLife(script, async (life) => {
    await liveToRunning(life);
    await life.observe({ ...joined, ...lie });
    await life.until('confirmGone');
    await life.observe(joined);
    await waitFor('the run knows better', async () => {
      const known = await life.handle.query(lifeQuery);
      return known?.snapshot.gone === false && known.stage.kind === 'running';
    });
    await life.handle.terminate();
  });
});

async function untilStartedOver(life: Life, send: (life: Life, nth: number) => Promise<void>): Promise<void> {
  const before = (await life.handle.describe()).runId;
  for (let nth = 0; nth < 6; nth += 1) await send(life, nth);
  await waitFor('a new run', async () => (await life.handle.describe()).runId !== before);
}
