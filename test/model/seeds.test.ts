import { describe, expect, it } from 'vitest';
import { sequenceOf } from './sequence.ts';
import { readSeedRange } from './seeds.ts';

describe('seeds', () => {
  it('give the same sequence each time, and another one for another seed', () => {
    expect(sequenceOf(7)).toEqual(sequenceOf(7));
    expect(sequenceOf(7)).not.toEqual(sequenceOf(8));
    for (let seed = 0; seed < 50; seed += 1) expect(sequenceOf(seed).length).toBeGreaterThan(4);
  });

  it('run once when named, and in numbers from anywhere when not', () => {
    expect(readSeedRange({ IRONLOOM_MODEL_SEED: '42' })).toEqual({ first: 42, sequences: 1, lanes: 1 });
    expect(readSeedRange({}).sequences).toBe(200);
    expect(readSeedRange({ IRONLOOM_MODEL_SEQUENCES: '5', IRONLOOM_MODEL_LANES: '2' })).toMatchObject({ lanes: 2 });
    expect(() => readSeedRange({ IRONLOOM_MODEL_SEED: 'x' })).toThrow(RangeError);
  });
});
