import { open, readFile } from 'node:fs/promises';
import { z } from 'zod';

/** Of what ends soon only its end is told. */
const omitStages = ['ResponseStarted'];
/** Every read that the API server knows. */
const readVerbs = ['get', 'list', 'watch'];

/**
 * Audit policy: each write that a client completed, and what service accounts read, without bodies; nothing of the API
 * server's own. A watch is told when it begins: it may end after those who look.
 */
export const auditPolicy = {
  apiVersion: 'audit.k8s.io/v1',
  kind: 'Policy',
  omitStages: ['RequestReceived'],
  rules: [
    { level: 'None', users: ['system:apiserver'] },
    { level: 'Metadata', userGroups: ['system:serviceaccounts'], verbs: ['watch'], omitStages: ['ResponseComplete'] },
    { level: 'Metadata', userGroups: ['system:serviceaccounts'], verbs: ['get', 'list'], omitStages },
    { level: 'None', verbs: readVerbs },
    { level: 'Metadata', omitStages },
  ],
};

/** Users of service accounts are called so, followed by `<namespace>:<name>`. */
const SERVICE_ACCOUNT_PREFIX = 'system:serviceaccount:';

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
  annotations: z.record(z.string(), z.string()).default({}),
});
/** One request that the API server answered. */
export type AuditEvent = z.infer<typeof auditEventSchema>;

/**
 * Reads the writes from an audit log, oldest first. Leases are left out: they say who leads, nothing about the work.
 * @param keep default: all
 */
export async function readAuditEvents(
  path: string,
  keep: (event: AuditEvent) => boolean = () => true,
): Promise<AuditEvent[]> {
  const events = await readLines(path, (line) => !isRead.test(line));
  return events.filter(tellsOfWork).filter(keep);
}

/** The same, from this byte on, without pieces of lines: a log of ten thousand machines is too long to be held as a whole. */
export async function* readAuditEventsFrom(path: string, start: number): AsyncGenerator<AuditEvent> {
  const file = await open(path);
  try {
    for await (const line of file.readLines({ start })) {
      if (!isWhole(line) || isRead.test(line)) continue;
      const event = parseLine(line);
      if (tellsOfWork(event)) yield event;
    }
  } finally {
    await file.close();
  }
}

/** The same with all that service accounts read, and with Leases. */
export function readAllAuditEvents(path: string): Promise<AuditEvent[]> {
  return readLines(path, () => true);
}

/** Reads are many: parsing them only to drop them would cost those who look for a write. */
const isRead = new RegExp(`"verb":"(${readVerbs.join('|')})"`);

async function readLines(path: string, wanted: (line: string) => boolean): Promise<AuditEvent[]> {
  const lines = (await readFile(path, 'utf8')).split('\n');
  // What follows the last line end is a line that is still being written.
  return lines.slice(0, -1).filter(wanted).map(parseLine);
}

/** The first line may have begun before, and the last one is perhaps still being written. */
function isWhole(line: string): boolean {
  try {
    JSON.parse(line);
    return true;
  } catch {
    return false;
  }
}

function parseLine(line: string): AuditEvent {
  return auditEventSchema.parse(JSON.parse(line));
}

function tellsOfWork({ objectRef }: AuditEvent): boolean {
  return objectRef?.resource !== 'leases';
}
