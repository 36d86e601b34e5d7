import { gunzipSync, gzipSync } from 'node:zlib';
import { gunzipSync as inflateSmall } from 'fflate';

/** What a host printed while it ran a plan, or why that cannot be told. */
export type HostOutput = { kind: 'text'; text: string } | { kind: 'unreadable'; problem: string };

/** A host wrote the output: both sizes are bounded. */
const usualLimits = { packedBytes: 900 * 1024, unpackedBytes: 4 * 1024 * 1024 };
/** A plan of ours has one; parsing a million takes seconds. */
const maxInstructions = 1_000;
/** Names of our instructions begin so, see `renderPlan`. */
const ourInstructions = 'ironloom-';

/**
 * Reads `failed-output` or `applied-output` of a plan Secret: base64 of gzip of a JSON map from instruction to base64 or
 * null. What instructions of others printed, and of earlier plans, does not count where one of ours is named.
 */
export function decodeOutput(packed: string | undefined, limits = usualLimits): HostOutput {
  if (packed === undefined || packed === '') return unreadable('it reported no output');
  if (packed.length > (limits.packedBytes * 4) / 3) return unreadable('its output is too large to be read');
  let json: Buffer;
  try {
    json = unpack(Buffer.from(packed, 'base64'), limits.unpackedBytes);
  } catch (error) {
    return unreadable(error instanceof RangeError ? 'its output unpacks to too many bytes' : 'its output is not gzip');
  }
  return joinOutputs(json.toString('utf8'));
}

/**
 * zlib takes 40 KiB for each call, and a process that reads as many as there are hosts gives most of that never back. What lies
 * about its size is cut there, and no JSON then.
 */
const small = { packedBytes: 8 * 1024, unpackedBytes: 64 * 1024 };

/** @throws RangeError: too large; Error: no gzip */
function unpack(packed: Buffer, maxOutputLength: number): Buffer {
  const isSmall = packed.length > 8 && packed.length <= small.packedBytes;
  const size = isSmall ? packed.readUInt32LE(packed.length - 4) : Infinity;
  if (size > Math.min(small.unpackedBytes, maxOutputLength)) return gunzipSync(packed, { maxOutputLength });
  return Buffer.from(inflateSmall(packed, { out: new Uint8Array(size) }));
}

/** The inverse for one instruction. */
export function encodeOutput(text: string): string {
  const outputs = { [`${ourInstructions}output`]: Buffer.from(text, 'utf8').toString('base64') };
  return gzipSync(JSON.stringify(outputs)).toString('base64');
}

function joinOutputs(json: string): HostOutput {
  // Neither base64 nor the names of instructions hold commas.
  if (json.split(',', maxInstructions + 1).length > maxInstructions) return unreadable('its output is too complex');
  let outputs: unknown;
  try {
    outputs = JSON.parse(json);
  } catch {
    return unreadable('its output is not JSON');
  }
  if (typeof outputs !== 'object' || outputs === null || Array.isArray(outputs)) {
    return unreadable('its output is not a map of instructions');
  }
  const all: [name: string, value: unknown][] = Object.entries(outputs);
  const ours = all.filter(([name]) => name.startsWith(ourInstructions));
  const values = (ours.length > 0 ? ours : all).map(([, value]) => value);
  const texts = values.filter((value) => typeof value === 'string');
  if (texts.length > 0) {
    return { kind: 'text', text: texts.map((text) => Buffer.from(text, 'base64').toString('utf8')).join('\n') };
  }
  return unreadable(
    values.includes(null) ? 'the instruction could not be started, or ended without output' : 'it reported no output',
  );
}

function unreadable(problem: string): HostOutput {
  return { kind: 'unreadable', problem };
}
