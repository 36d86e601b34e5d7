import { randomInt } from 'node:crypto';

/** What is run: one sequence for each seed, from nothing but the seed. */
export interface SeedList {
  seeds: readonly number[];
  /** How many sequences run side by side. */
  lanes: number;
}

/** The same sequences in every run, so that a red one is red again. */
const FIRST_SEED = 20_261_122;
/** Two hundred take eleven minutes on two cores. */
const DEFAULT_SEQUENCES = 20;
const DEFAULT_LANES = 5;

/**
 * IRONLOOM_MODEL_SEED: only that sequence, or those of a list with commas, IRONLOOM_MODEL_TIMES times. Without it, or if it is `random`,
 * IRONLOOM_MODEL_SEQUENCES seeds from a fixed, or a random one on. IRONLOOM_MODEL_LANES: how many side by side. @throws RangeError for anything but whole numbers
 */
export function readSeeds(env: Readonly<Record<string, string | undefined>>): SeedList {
  const random = env['IRONLOOM_MODEL_SEED'] === 'random';
  const named = random ? [] : readCounts(env, 'IRONLOOM_MODEL_SEED');
  const times = readCount(env, 'IRONLOOM_MODEL_TIMES') ?? 1;
  const sequences = readCount(env, 'IRONLOOM_MODEL_SEQUENCES') ?? DEFAULT_SEQUENCES;
  const first = random ? randomInt(1_000_000_000) : FIRST_SEED;
  const seeds =
    named.length === 0
      ? Array.from({ length: sequences }, (_, number) => first + number)
      : Array.from({ length: times }, () => named).flat();
  const lanes = readCount(env, 'IRONLOOM_MODEL_LANES') ?? DEFAULT_LANES;
  return { seeds, lanes: Math.max(1, Math.min(lanes, seeds.length)) };
}

function readCount(env: Readonly<Record<string, string | undefined>>, name: string): number | undefined {
  const counts = readCounts(env, name);
  if (counts.length > 1) throw new RangeError(`${name}: one number, not a list`);
  return counts[0];
}

function readCounts(env: Readonly<Record<string, string | undefined>>, name: string): number[] {
  const text = env[name];
  if (text === undefined || text === '') return [];
  return text.split(',').map((part) => {
    if (!/^\d{1,9}$/.test(part)) throw new RangeError(`${name}: '${part}' is no whole number below 10^9`);
    return Number(part);
  });
}

/** How a person runs one sequence again. */
export function describeReplay(seed: number): string {
  return `IRONLOOM_MODEL_SEED=${seed} npm run test:stack -- test/model`;
}
