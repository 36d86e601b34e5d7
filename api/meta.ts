import { z } from 'zod';

/**
 * Names to texts, however many: a record of zod takes ten times as long, and whoever may write an object may write a
 * hundred thousand labels.
 */
export const stringMapSchema = z.custom<Record<string, string>>(isStringMap, 'not a map of texts').default({});

function isStringMap(value: unknown): boolean {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return false;
  return Object.values(value).every((item) => typeof item === 'string');
}

/** The part of Kubernetes' ObjectMeta that this provider reads. */
export const objectMetaSchema = z.object({
  name: z.string(),
  namespace: z.string().default(''),
  uid: z.string().default(''),
  resourceVersion: z.string().default(''),
  generation: z.number().optional(),
  creationTimestamp: z.string().default(''),
  deletionTimestamp: z.string().optional(),
  labels: stringMapSchema,
  annotations: stringMapSchema,
  finalizers: z.array(z.string()).default([]),
  ownerReferences: z
    .array(
      z.object({
        apiVersion: z.string(),
        kind: z.string(),
        name: z.string(),
        uid: z.string(),
        controller: z.boolean().optional(),
      }),
    )
    .default([]),
  /** Who wrote which part last, and when; not which fields. */
  managedFields: z
    .array(
      z.object({ manager: z.string().default(''), subresource: z.string().optional(), time: z.string().optional() }),
    )
    .optional(),
});
export type ObjectMeta = z.infer<typeof objectMetaSchema>;

/** metav1.Condition; serves both CAPI contracts (a missing severity is tolerated by v1beta1). */
export const conditionSchema = z.object({
  type: z.string().describe('Type of condition in CamelCase.'),
  status: z.enum(['True', 'False', 'Unknown']).describe('Status of the condition, one of True, False, Unknown.'),
  observedGeneration: z
    .int()
    .min(0)
    .optional()
    .describe('The .metadata.generation that the condition was set based upon.'),
  lastTransitionTime: z.iso
    .datetime({ offset: true })
    .describe('Last time the condition changed from one status to another.'),
  reason: z
    .string()
    .describe("Programmatic identifier of the reason for the condition's last transition, in CamelCase."),
  message: z.string().max(32768).describe('Human readable explanation; says what an operator can do.'),
});
export type Condition = z.infer<typeof conditionSchema>;

/** Address of a machine, as CAPI's MachineAddress. */
export const machineAddressSchema = z.object({
  type: z.enum(['Hostname', 'ExternalIP', 'InternalIP', 'ExternalDNS', 'InternalDNS']).describe('Kind of the address.'),
  address: z.string().min(1).max(256).describe('The address itself.'),
});

/** Identifies one object of a namespaced kind. */
export interface ObjectKey {
  namespace: string;
  name: string;
}
