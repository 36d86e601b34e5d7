import { z } from 'zod';
import { objectMetaSchema } from './meta.ts';

/** Kubernetes `Secret`; `data` values are base64. */
export const secretSchema = z.object({
  metadata: objectMetaSchema,
  type: z.string().optional(),
  /** Whoever made it wants nobody to write it. */
  immutable: z.boolean().optional(),
  data: z.record(z.string(), z.string()).default({}),
});
export type Secret = z.infer<typeof secretSchema>;

/** Kubernetes `ConfigMap`. */
export const configMapSchema = z.object({
  metadata: objectMetaSchema,
  data: z.record(z.string(), z.string()).default({}),
});
export type ConfigMap = z.infer<typeof configMapSchema>;
