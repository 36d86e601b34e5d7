import { type AuditEvent, readAuditEvents } from '../../dev/stack/audit.ts';

/**
 * Milliseconds from the last change of a pool by an operator to the last of the first writes of a worker to these
 * hosts, which are their claims. By the clock of the API server's audit log.
 */
export async function measureClaims(
  auditLogPath: string,
  { namespace, pool, hosts }: { namespace: string; pool: string; hosts: readonly string[] },
): Promise<number> {
  const written = await readAuditEvents(auditLogPath, ({ objectRef }) => objectRef?.namespace === namespace);
  const by = (username: string, resource: string, name: string): AuditEvent[] =>
    written.filter(
      ({ user, objectRef }) =>
        user.username === username && objectRef?.resource === resource && objectRef.name === name,
    );
  const timeMs = (event: AuditEvent | undefined): number => Date.parse(event?.requestReceivedTimestamp ?? '');
  const changedMs = timeMs(by('ironloom-admin', 'machineinventorypools', pool).at(-1));
  const claimsMs = hosts.map((host) => timeMs(by('ironloom-worker', 'machineinventories', host)[0]));
  return Math.max(...claimsMs) - changedMs;
}
