import { createHash } from 'node:crypto';
import { gunzipSync, gzipSync } from 'node:zlib';
import { z } from 'zod';

/** Go reads a JSON null as the zero value of the field. */
function orDefault<T extends z.ZodType, V extends z.output<T>>(schema: T, value: V) {
  return schema.nullish().transform((given) => given ?? value);
}

const text = orDefault(z.string(), '');
const texts = orDefault(z.array(z.string()), []);
const flag = orDefault(z.boolean(), false);
const id = orDefault(z.int(), 0);

const fileSchema = z.object({
  path: text,
  content: text,
  permissions: text,
  uid: id,
  gid: id,
  directory: flag,
  action: text,
});

const instructionSchema = z.object({
  name: text,
  image: text,
  command: text,
  args: texts,
  env: texts,
  saveOutput: flag,
});

const planSchema = z.object({
  files: orDefault(z.array(fileSchema), []),
  instructions: orDefault(z.array(instructionSchema), []),
});

/** A plan as the host agent reads it; unknown fields pass and count in the checksum only. */
export type HostPlan = z.output<typeof planSchema>;
export type HostPlanFile = HostPlan['files'][number];
export type HostPlanInstruction = HostPlan['instructions'][number];

/** Name of an instruction to base64 of its stdout; null when it could not be started. */
export type OutputMap = Record<string, string | null>;

/** What the agent meets and never reports: it writes nothing and tries again later. */
export class UnreportedPlanError extends Error {
  override readonly name = 'UnreportedPlanError';
}

/** Lowercase sha256 hex of the stored plan bytes. */
export function planChecksum(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}

/** Parses plan bytes. @throws UnreportedPlanError */
export function parseHostPlan(bytes: Uint8Array): HostPlan {
  try {
    return planSchema.parse(JSON.parse(Buffer.from(bytes).toString('utf8')));
  } catch (error) {
    throw new UnreportedPlanError('the plan is not a valid document', { cause: error });
  }
}

/** Padded standard base64 and nothing else. @throws UnreportedPlanError */
export function decodeFileContent(content: string): Buffer {
  if (!/^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/.test(content)) {
    throw new UnreportedPlanError('the content of a file is not padded standard base64');
  }
  return Buffer.from(content, 'base64');
}

/** Secret value (base64) of an output map: gzip(JSON). */
export function encodeOutputs(outputs: OutputMap): string {
  return gzipSync(JSON.stringify(outputs)).toString('base64');
}

const outputMapSchema = z.record(z.string(), z.string().nullable());

/** Reads such a value; absent or empty is an empty map. @throws UnreportedPlanError */
export function decodeOutputs(value: string | undefined): OutputMap {
  if (value === undefined || value === '') return {};
  try {
    return outputMapSchema.parse(JSON.parse(gunzipSync(Buffer.from(value, 'base64')).toString('utf8')));
  } catch (error) {
    throw new UnreportedPlanError('the recorded output is not gzip(JSON)', { cause: error });
  }
}
