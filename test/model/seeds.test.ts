import { describe, expect, it } from 'vitest';
import { sequenceOf } from './sequence.ts';
import { readSeeds } from './seeds.ts';

describe('seeds', () => {
  it('give the same sequence each time, and another one for another seed', () => {
    expect(sequenceOf(7)).toEqual(sequenceOf(7));
    expect(sequenceOf(7)).not.toEqual(sequenceOf(8));
    for (let seed = 0; seed < 50; seed += 1) expect(sequenceOf(seed).length).toBeGreaterThan(4);
  });

  it('run once when named, or as often as told, and else always the same, or from anywhere', () => {
    expect(readSeeds({ IRONLOOM_MODEL_SEED: '42' })).toEqual({ seeds: [42], lanes: 1 });
    expect(readSeeds({ IRONLOOM_MODEL_SEED: '42', IRONLOOM_MODEL_TIMES: '3' }).seeds).toEqual([42, 42, 42]);
    expect(readSeeds({ IRONLOOM_MODEL_SEED: '42,7' })).toEqual({ seeds: [42, 7], lanes: 2 });
    expect(new Set(readSeeds({}).seeds).size).toBe(20);
    expect(readSeeds({ IRONLOOM_MODEL_SEQUENCES: '5', IRONLOOM_MODEL_LANES: '2' })).toMatchObject({ lanes: 2 });
    expect(readSeeds({})).toEqual(readSeeds({}));
    expect(readSeeds({ IRONLOOM_MODEL_SEED: 'random' })).not.toEqual(readSeeds({ IRONLOOM_MODEL_SEED: 'random' }));
    expect(() => readSeeds({ IRONLOOM_MODEL_SEED: 'x' })).toThrow(RangeError);
  });
});
