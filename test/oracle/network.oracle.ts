import fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import { renderNetworkConfig } from '../../domain/network/config.ts';
import { anyNetwork } from '../support/network-arbitrary.ts';
import { type NetworkCase, networkCases, selfConfigured } from '../support/network-cases.ts';
import { type Abilities, judgeAll, networkAnswerSchema } from './judges.ts';
import { allRenderers, expectLines, spellLines } from './network-verdict.ts';
import { runs, seed } from './seed.ts';

type Answer = ReturnType<typeof networkAnswerSchema.parse>;

function write({ network, endpoint }: NetworkCase): string {
  const rendered = renderNetworkConfig({ observedNetwork: network }, { endpoint });
  if (rendered.kind !== 'config') throw new Error(JSON.stringify(rendered));
  return rendered.yaml;
}

function expectAccepted(answer: Answer | undefined, asked: readonly string[], abilities: Abilities): void {
  expect(answer?.error).toBeUndefined();
  for (const renderer of allRenderers) {
    const verdict = answer?.judges[renderer];
    const seen = { ...verdict, lines: spellLines(verdict?.lines ?? []) };
    expect(seen, renderer).toEqual({ lines: expectLines(renderer, asked, abilities), warnings: [] });
  }
}

describe('a network-config is taken by every renderer without a warning, and gives what was asked for', () => {
  const cases = Object.entries(networkCases);
  let judged: { abilities: Abilities; answers: Answer[] };
  beforeAll(async () => {
    const tasks = cases.map(([, one]) => ({ network: write(one), thorough: true }));
    judged = await judgeAll(tasks, networkAnswerSchema);
    console.log(`judged by cloud-init ${judged.abilities.cloudInit}, PyYAML ${judged.abilities.pyyaml}`);
  });

  it.each(cases.map(([name, { asked }], at) => ({ name, asked, at })))('$name', ({ asked, at }) => {
    expectAccepted(judged.answers[at], asked, judged.abilities);
  });
});

it('a network that the host applies by itself is left alone by cloud-init', async () => {
  const tasks = selfConfigured.map((networks) => {
    const rendered = renderNetworkConfig(networks);
    return { network: rendered.kind === 'config' ? rendered.yaml : '' };
  });
  const { answers } = await judgeAll(tasks, networkAnswerSchema);
  expect(answers).toEqual(selfConfigured.map(() => ({ disabled: true, judges: {} })));
});

it('any network of a host is taken by every renderer', async () => {
  const networks = fc.sample(anyNetwork, { seed, numRuns: runs });
  const { abilities, answers } = await judgeAll(
    networks.map((network) => ({ network: write(network) })),
    networkAnswerSchema,
  );
  networks.forEach((network, at) => {
    try {
      expectAccepted(answers[at], network.asked, abilities);
    } catch (error) {
      console.error(`seed ${seed}, input ${at}: ${JSON.stringify(network)}\n${write(network)}`);
      throw error;
    }
  });
});
