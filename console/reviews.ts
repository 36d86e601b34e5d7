import { z } from 'zod';
import type { Resource } from '../api/resources.ts';

/** Who somebody is, as the API server says, and as it wants to hear it back. */
const personSchema = z.object({
  username: z.string(),
  uid: z.string().optional(),
  groups: z.array(z.string()).optional(),
  extra: z.record(z.string(), z.array(z.string())).optional(),
});
export type Person = z.infer<typeof personSchema>;

/** Whose token is this? Nothing is kept of the object that asks. */
export const tokenReviews = {
  group: 'authentication.k8s.io',
  version: 'v1',
  plural: 'tokenreviews',
  kind: 'TokenReview',
  schema: z.object({
    status: z.object({ authenticated: z.boolean().default(false), user: personSchema.optional() }),
  }),
} satisfies Resource<unknown>;

/** May somebody do this? Nothing is kept of it either. */
export const subjectAccessReviews = {
  group: 'authorization.k8s.io',
  version: 'v1',
  plural: 'subjectaccessreviews',
  kind: 'SubjectAccessReview',
  schema: z.object({ status: z.object({ allowed: z.boolean().default(false) }) }),
} satisfies Resource<unknown>;
