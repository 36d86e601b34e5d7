import { z } from 'zod';
import type { Resource } from '../../api/resources.ts';
import type { ObjectKey } from '../../api/meta.ts';

/**
 * A plan Secret with everything that stands in it: the agent writes whole objects back, so nothing may be lost
 * while it is parsed.
 */
export const planSecretSchema = z.looseObject({
  metadata: z.looseObject({
    namespace: z.string(),
    name: z.string(),
    uid: z.string(),
    resourceVersion: z.string(),
    labels: z.record(z.string(), z.string()).optional(),
    annotations: z.record(z.string(), z.string()).optional(),
  }),
  type: z.string().optional(),
  data: z.record(z.string(), z.string()).default({}),
});
export type PlanSecret = z.infer<typeof planSecretSchema>;

/** Values of a Secret as they travel: base64. */
export type SecretData = Readonly<Record<string, string>>;

/** Secrets, read without losing fields. */
export const planSecrets: Resource<PlanSecret> = {
  group: '',
  version: 'v1',
  plural: 'secrets',
  kind: 'Secret',
  schema: planSecretSchema,
};

/** The two calls that an agent makes besides its watch. Errors carry the HTTP status in `code`. */
export interface PlanSecretApi {
  get(key: ObjectKey): Promise<PlanSecret>;
  /** PUT of the whole object with the resourceVersion in it. */
  put(secret: PlanSecret): Promise<PlanSecret>;
}

/** Delivers each event of one plan Secret, first of all what stands there now; undefined: it is gone. */
export interface PlanSecretFeed {
  subscribe(key: ObjectKey, onChange: (secret: PlanSecret | undefined) => void): () => void;
}

/** Whether an error of the API carries this HTTP status. */
export function hasStatus(error: unknown, code: number): boolean {
  return typeof error === 'object' && error !== null && 'code' in error && error.code === code;
}

/** Value of a key as text; absent and empty are ''. */
export function readText(data: SecretData, key: string): string {
  return Buffer.from(data[key] ?? '', 'base64').toString('utf8');
}

/** Text as a Secret value. */
export function toValue(text: string): string {
  return Buffer.from(text, 'utf8').toString('base64');
}
