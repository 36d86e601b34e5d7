import { expect, test } from 'vitest';
import { drawGrowth } from '../../bench/growth-chart.ts';

const stage = {
  machines: 1_000,
  adopted: 1_000,
  adoptedMs: 50_000,
  signals: 0,
  writes: [],
  workerShare: 0.002,
  bridgeShare: 0.001,
  workerMiB: 300,
  bridgeMiB: 200,
  restartMs: 3_000,
  restartSignals: 0,
  restartedMiB: 180,
};

test('a chart tells each figure of each stage, in the picture and in words', () => {
  const svg = drawGrowth([stage, { ...stage, machines: 10_000, adopted: 9_000, workerMiB: 400 }]);
  expect(svg.match(/<circle/g)).toHaveLength(10);
  expect(svg).toContain('Worker, MiB: 300, 400.');
  expect(svg).toContain('Adoptions a second: 20, 180.');
  expect(svg).toContain('>10,000</text>');
});

test('twice the value is twice as far from the ground', () => {
  const svg = drawGrowth([stage, { ...stage, machines: 2_000, workerMiB: 600 }]);
  const [first = '', second = ''] = [...svg.matchAll(/cy="([\d.]+)"/g)].map(([, y]) => y ?? '');
  const ground = 184;
  expect((ground - Number(second)) / (ground - Number(first))).toBeCloseTo(2, 1);
});
