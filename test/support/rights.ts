import { fileURLToPath } from 'node:url';
import { z } from 'zod';
import { type AuditEvent, readAllAuditEvents } from '../../dev/stack/audit.ts';
import { readManifestFolder } from '../../dev/stack/cluster-api-manifests.ts';

const config = new URL('../../config/', import.meta.url);
const accountsOf = { rbac: ['ironloom-bridge', 'ironloom-worker'], console: ['ironloom-console'] } as const;
/** The folder of config/ that gives the rights. */
type Part = keyof typeof accountsOf;
const rolesSchema = z.object({
  rules: z.array(
    z.object({ apiGroups: z.array(z.string()), resources: z.array(z.string()), verbs: z.array(z.string()) }),
  ),
});
const bindingSchema = z.object({
  roleRef: z.object({ name: z.string() }),
  subjects: z.array(z.object({ name: z.string() })),
});

/** `account: verb group/resource`, one for each thing that a part of config/ lets its accounts do. */
export async function listGrantedRights(part: Part = 'rbac'): Promise<string[]> {
  const manifests = await readManifestFolder(fileURLToPath(new URL(`${part}/`, config)));
  const bindings = manifests
    .filter(({ kind }) => kind.endsWith('Binding'))
    .map((manifest) => bindingSchema.parse(manifest));
  return bindings.flatMap(({ roleRef, subjects }) => {
    const role = manifests.find(({ kind, metadata }) => kind.endsWith('Role') && metadata.name === roleRef.name);
    const rights = rolesSchema
      .parse(role)
      .rules.flatMap(({ apiGroups, resources, verbs }) =>
        apiGroups.flatMap((group) =>
          resources.flatMap((resource) => verbs.map((verb) => `${verb} ${group}/${resource}`)),
        ),
      );
    return subjects.flatMap(({ name }) => rights.map((right) => `${name}: ${right}`));
  });
}

/** The same of what they did, and what they were refused for want of a right. */
export async function listUsedRights(
  auditLogPath: string,
  part: Part = 'rbac',
): Promise<{ used: string[]; denied: string[] }> {
  const accounts: readonly string[] = accountsOf[part];
  const events = (await readAllAuditEvents(auditLogPath)).filter(({ user }) => accounts.includes(user.username));
  const isDenied = (event: AuditEvent): boolean => event.annotations['authorization.k8s.io/decision'] === 'forbid';
  const toRights = (some: readonly AuditEvent[]): string[] => [...new Set(some.flatMap(toRight))].toSorted();
  return { used: toRights(events.filter((event) => !isDenied(event))), denied: toRights(events.filter(isDenied)) };
}

function toRight({ user, verb, objectRef }: AuditEvent): string[] {
  if (objectRef === undefined) return [];
  const { apiGroup, resource, subresource } = objectRef;
  const what = subresource === undefined ? resource : `${resource}/${subresource}`;
  return [`${user.username}: ${verb} ${apiGroup}/${what}`];
}
