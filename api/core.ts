import { z } from 'zod';
import { objectMetaSchema, stringMapSchema } from './meta.ts';

/** When who wrote which key, as the API server notes it. */
const managedFieldsSchema = z
  .array(
    z.object({
      time: z.string().optional(),
      fieldsV1: z.object({ 'f:data': z.record(z.string(), z.unknown()).optional() }).optional(),
    }),
  )
  .optional()
  .catch(undefined);

/** Kubernetes `Secret`; `data` values are base64. */
export const secretSchema = z.object({
  metadata: objectMetaSchema.extend({ managedFields: managedFieldsSchema }),
  type: z.string().optional(),
  /** Whoever made it wants nobody to write it. */
  immutable: z.boolean().optional(),
  data: stringMapSchema,
});
export type Secret = z.infer<typeof secretSchema>;

/** Kubernetes `ConfigMap`. */
export const configMapSchema = z.object({
  metadata: objectMetaSchema,
  data: stringMapSchema,
});
export type ConfigMap = z.infer<typeof configMapSchema>;
