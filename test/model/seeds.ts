import { randomInt } from 'node:crypto';

/** What is run: `sequences` sequences, of which the one with number n comes from the seed `first + n` and from nothing else. */
export interface SeedRange {
  first: number;
  sequences: number;
  /** How many run side by side. */
  lanes: number;
}

const DEFAULT_SEQUENCES = 200;
const DEFAULT_LANES = 5;

/**
 * Reads IRONLOOM_MODEL_SEED (that one sequence only, unless a number is given, too), IRONLOOM_MODEL_SEQUENCES and
 * IRONLOOM_MODEL_LANES. Without a seed it begins at a random one. @throws RangeError for anything but whole numbers
 */
export function readSeedRange(env: Readonly<Record<string, string | undefined>>): SeedRange {
  const seed = readCount(env, 'IRONLOOM_MODEL_SEED');
  const sequences = readCount(env, 'IRONLOOM_MODEL_SEQUENCES') ?? (seed === undefined ? DEFAULT_SEQUENCES : 1);
  const lanes = readCount(env, 'IRONLOOM_MODEL_LANES') ?? DEFAULT_LANES;
  return { first: seed ?? randomInt(1_000_000_000), sequences, lanes: Math.max(1, Math.min(lanes, sequences)) };
}

function readCount(env: Readonly<Record<string, string | undefined>>, name: string): number | undefined {
  const text = env[name];
  if (text === undefined || text === '') return undefined;
  if (!/^\d{1,9}$/.test(text)) throw new RangeError(`${name}: '${text}' is no whole number below 10^9`);
  return Number(text);
}

/** How a person runs one sequence again. */
export function describeReplay(seed: number): string {
  return `IRONLOOM_MODEL_SEED=${seed} npm run test:stack -- test/model`;
}
