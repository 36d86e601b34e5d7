import { readAuditEvents } from '../../dev/stack/audit.ts';
import type { Site } from './site.ts';

const ours = ['ironloom-worker', 'ironloom-bridge'];

/** Where in the audit log a time begins. */
export type AuditMark = number;

/** From now on. */
export async function markAudit(auditLogPath: string): Promise<AuditMark> {
  return (await readAuditEvents(auditLogPath)).length;
}

/**
 * What worker and bridge have written since `mark` to plan Secrets and inventories of these hosts, by verb and object:
 * the audit log knows it all, whatever was overwritten since.
 */
export async function listHostWrites(
  auditLogPath: string,
  { namespace }: Pick<Site, 'namespace'>,
  { since, hosts }: { since: AuditMark; hosts: readonly string[] },
): Promise<string[]> {
  const events = (await readAuditEvents(auditLogPath)).slice(since);
  return events.flatMap(({ user, verb, objectRef }) => {
    if (objectRef === undefined || !ours.includes(user.username) || objectRef.namespace !== namespace) return [];
    if (!['secrets', 'machineinventories'].includes(objectRef.resource) || !hosts.includes(objectRef.name)) return [];
    return [`${user.username} ${verb} ${objectRef.resource} ${objectRef.name}`];
  });
}
