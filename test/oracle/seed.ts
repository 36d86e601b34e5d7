import { randomInt } from 'node:crypto';

/** Of the generated inputs; `IRONLOOM_ORACLE_SEED` asks for the ones of an earlier run. */
export const seed = Number(process.env['IRONLOOM_ORACLE_SEED'] ?? randomInt(2 ** 31));
/** Generated inputs of each kind. */
export const runs = Number(process.env['IRONLOOM_ORACLE_RUNS'] ?? 2000);

console.log(`seed of the generated inputs: ${seed} (IRONLOOM_ORACLE_SEED asks for them again)`);
