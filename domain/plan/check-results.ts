import type { CheckResult } from '../../api/acceptance.ts';
import { decodeOutput } from './host-output.ts';

const MAX_RESULTS = 16;
/** A script of ours prints far less. */
const limits = { packedBytes: 64 * 1024, unpackedBytes: 256 * 1024 };
const line = /^ironloom-check\t([a-z0-9][-a-z0-9]{0,39})\t(pass|fail)\t([ -~]{0,100})\t([ -~]{0,200})$/gm;

/** Reads `applied-output` or `failed-output` of a validate plan; none where the host says nothing that can be read. */
export function readCheckResults(output: string | undefined): CheckResult[] {
  if (output === undefined || output === '') return [];
  const decoded = decodeOutput(output, limits);
  if (decoded.kind !== 'text') return [];
  return [...decoded.text.slice(0, 32 * 1024).matchAll(line)]
    .slice(0, MAX_RESULTS)
    .map(([, name = '', verdict, measured = '', message = '']) => ({
      name,
      passed: verdict === 'pass',
      measured,
      message,
    }));
}
