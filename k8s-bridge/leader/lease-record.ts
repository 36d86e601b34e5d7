import { z } from 'zod';
import { objectMetaSchema } from '../../api/meta.ts';
import { type Resource } from '../../api/resources.ts';

/** `coordination.k8s.io/v1` Lease, the part that leader election uses. */
const leaseSchema = z.object({
  metadata: objectMetaSchema,
  spec: z
    .object({
      holderIdentity: z.string().nullish(),
      leaseDurationSeconds: z.number().nullish(),
      renewTime: z.string().nullish(),
      leaseTransitions: z.number().nullish(),
    })
    .default({}),
});
export type Lease = z.infer<typeof leaseSchema>;

export const leases = {
  group: 'coordination.k8s.io',
  version: 'v1',
  plural: 'leases',
  kind: 'Lease',
  schema: leaseSchema,
} satisfies Resource<unknown>;

/** metav1.MicroTime: exactly six decimals. */
export function formatMicroTime(time: Date): string {
  return time.toISOString().replace('Z', '000Z');
}
