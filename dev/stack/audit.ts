import { readFile } from 'node:fs/promises';
import { z } from 'zod';

/** Audit policy: each write that a client completed, without bodies; nothing of the API server's own. */
export const auditPolicy = {
  apiVersion: 'audit.k8s.io/v1',
  kind: 'Policy',
  omitStages: ['RequestReceived', 'ResponseStarted'],
  rules: [
    { level: 'None', users: ['system:apiserver'] },
    { level: 'None', verbs: ['get', 'list', 'watch'] },
    { level: 'Metadata' },
  ],
};

/** Users of service accounts are called so, followed by `<namespace>:<name>`. */
export const SERVICE_ACCOUNT_PREFIX = 'system:serviceaccount:';

/** A service account of an installation goes by its own name. */
const usernameSchema = z
  .string()
  .transform((user) => (user.startsWith(SERVICE_ACCOUNT_PREFIX) ? (user.split(':').at(-1) ?? user) : user));

const auditEventSchema = z.object({
  verb: z.string(),
  user: z.object({ username: usernameSchema }),
  userAgent: z.string().default(''),
  requestReceivedTimestamp: z.string(),
  objectRef: z
    .object({
      resource: z.string().default(''),
      subresource: z.string().optional(),
      namespace: z.string().default(''),
      name: z.string().default(''),
      apiGroup: z.string().default(''),
    })
    .optional(),
  responseStatus: z.object({ code: z.number().optional() }).optional(),
});
/** One write that the API server answered. */
export type AuditEvent = z.infer<typeof auditEventSchema>;

/**
 * Reads the writes from an audit log, oldest first. Leases are left out: they say who leads, nothing about the work.
 * @param keep default: all
 */
export async function readAuditEvents(
  path: string,
  keep: (event: AuditEvent) => boolean = () => true,
): Promise<AuditEvent[]> {
  const lines = (await readFile(path, 'utf8')).split('\n');
  // What follows the last line end is a line that is still being written.
  const events = lines.slice(0, -1).map((line) => auditEventSchema.parse(JSON.parse(line)));
  return events.filter((event) => event.objectRef?.resource !== 'leases').filter(keep);
}
