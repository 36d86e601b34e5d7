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

const periodicSchema = instructionSchema.extend({ periodSeconds: id, saveStderrOutput: flag });

const probeSchema = z.object({
  initialDelaySeconds: id,
  timeoutSeconds: id,
  successThreshold: id,
  failureThreshold: id,
  httpGet: orDefault(z.object({ url: text }), { url: '' }),
});

const planSchema = z.object({
  files: orDefault(z.array(fileSchema), []),
  instructions: orDefault(z.array(instructionSchema), []),
  periodicInstructions: orDefault(z.array(periodicSchema), []),
  probes: z
    .record(z.string(), probeSchema)
    .nullish()
    .transform((given): Record<string, z.output<typeof probeSchema>> => given ?? {}),
});

/** A plan as the host agent reads it; unknown fields pass and count in the checksum only. */
export type HostPlan = z.output<typeof planSchema>;
export type HostPlanFile = HostPlan['files'][number];
export type HostPlanInstruction = HostPlan['instructions'][number];
export type HostPlanPeriodic = HostPlan['periodicInstructions'][number];
export type HostPlanProbe = HostPlan['probes'][string];

/** Name of an instruction to base64 of its stdout; null when nothing was captured. */
export type OutputMap = Record<string, string | null>;

/** What the agent meets and never reports: it writes nothing and tries again later. */
export class UnreportedPlanError extends Error {
  override readonly name = 'UnreportedPlanError';
}

/** Lowercase sha256 hex of the stored plan bytes. */
export function planChecksum(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}

/** Parses plan bytes as Go does: keys in any case, and `null` is an empty plan. @throws UnreportedPlanError */
export function parseHostPlan(bytes: Uint8Array): HostPlan {
  try {
    return planSchema.parse(foldKeys(JSON.parse(Buffer.from(bytes).toString('utf8')) ?? {}));
  } catch (error) {
    throw new UnreportedPlanError('the plan is not a valid document', { cause: error });
  }
}

const fieldNames = new Map(
  [planSchema, fileSchema, periodicSchema, probeSchema, z.object({ url: text })]
    .flatMap((schema) => Object.keys(schema.shape))
    .map((name) => [name.toLowerCase(), name]),
);

/** Field names in their own case. Names of probes are no fields; one that is called as a field is written as that. */
function foldKeys(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(foldKeys);
  if (typeof value !== 'object' || value === null) return value;
  const folded = Object.entries(value).map(([key, field]): [string, unknown] => [
    fieldNames.get(key.toLowerCase()) ?? key,
    foldKeys(field),
  ]);
  return Object.fromEntries(folded);
}

/** Padded standard base64, with line breaks anywhere, and nothing else. @throws UnreportedPlanError */
export function decodeFileContent(given: string): Buffer {
  const content = given.replaceAll(/[\r\n]/g, '');
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
