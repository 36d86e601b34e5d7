import { hostname } from 'node:os';
import {
  bundleWorkflowCode,
  DefaultLogger,
  Runtime,
  Worker,
  type WorkflowBundleWithSourceMap,
} from '@temporalio/worker';
import { DeterminismViolationError } from '@temporalio/workflow';
import { beforeAll, describe, expect, test } from 'vitest';
import { bundleOptions } from '../../workers/bundle-options.ts';
import { readHistories, RECORDER_IDENTITY } from './histories.ts';
import { scenarios } from './scenarios.ts';
import { lifeSinks } from '../../workers/meters.ts';

const histories = readHistories();
let workflowBundle: WorkflowBundleWithSourceMap;

beforeAll(async () => {
  // A replay that fails, as two of these shall, is logged loudly.
  Runtime.install({ logger: new DefaultLogger('ERROR', () => {}) });
  workflowBundle = await bundleWorkflowCode({ ...bundleOptions, logger: new DefaultLogger('ERROR') });
}, 30_000);

function replay(history: string): Promise<void> {
  const workflowId = /"workflowId":"([^"]+)"/.exec(history)?.[1];
  return Worker.runReplayHistory({ workflowBundle, sinks: lifeSinks() }, JSON.parse(history), workflowId);
}

describe('recorded histories', () => {
  test.each(Object.keys(scenarios))('there is one of %s', (name) => {
    expect(histories.map(({ scenario }) => scenario)).toContain(name);
  });

  test.each(histories)('$file replays', ({ text }) => replay(text));

  test.each(histories)('$file says nothing of the machine that recorded it', ({ text }) => {
    const shown = text.replaceAll(/"data":"([^"]+)"/g, (_, data: string) => decode(data));
    const identities = [...shown.matchAll(/"identity":"([^"]*)"/g)].map(([, identity]) => identity);
    expect(new Set(identities)).toEqual(new Set([RECORDER_IDENTITY]));
    expect(shown).not.toMatch(/file:|node_modules|"stackTrace":"[^"]/);
    expect(shown).not.toContain(`@${hostname()}`);
  });
});

describe('a history that the code would not have written is refused', () => {
  const { text } = histories.find(({ scenario }) => scenario === 'whole-life') ?? { text: '' };

  test('another activity', async () => {
    await expectRefused(text.replaceAll('"name":"claimHost"', '"name":"claimAnyHost"'));
  });

  test('another activity id: the bridge completes by it', async () => {
    await expectRefused(text.replaceAll('"activityId":"await-reprovision-1"', '"activityId":"await-reprovision-2"'));
  });

  test('another outcome of the claim, after which nothing is planned', async () => {
    const exhausted = encode('{"kind":"exhausted","message":""}');
    const claimed = (data: string): boolean => decode(data).startsWith('{"kind":"claimed"');
    await expectRefused(
      text.replaceAll(/"data":"([^"]+)"/g, (all, data: string) => (claimed(data) ? `"data":"${exhausted}"` : all)),
    );
  });

  async function expectRefused(mutated: string): Promise<void> {
    expect(mutated).not.toBe(text);
    await expect(replay(mutated)).rejects.toBeInstanceOf(DeterminismViolationError);
  }
});

function decode(data: string): string {
  return Buffer.from(data, 'base64').toString('utf8');
}

function encode(text: string): string {
  return Buffer.from(text, 'utf8').toString('base64');
}
