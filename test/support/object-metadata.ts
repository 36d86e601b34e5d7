import { objectMetaOnlySchema, type Resource } from '../../api/resources.ts';
import type { ObjectMeta } from '../../api/meta.ts';
import type { Lab } from '../../dev/lab/lab.ts';
import { waitFor } from './wait-for.ts';

type Place = Pick<Lab, 'client' | 'namespace'>;

export async function listMetadata({ client, namespace }: Place, resource: Resource<unknown>): Promise<ObjectMeta[]> {
  const { items } = await client.list(resource, { namespace });
  return items.map((item) => objectMetaOnlySchema.parse(item).metadata);
}

/** What keeps each object of these kinds: its owners and finalizers, by kind and name, in a fixed order. */
export async function readHolds(place: Place, kinds: readonly Resource<unknown>[]) {
  const entries = await Promise.all(
    kinds.map(async (resource) =>
      (await listMetadata(place, resource)).map((metadata) => {
        const owners = metadata.ownerReferences.map(({ kind, name, uid, controller = false }) =>
          [kind, name, uid, controller].join(' '),
        );
        const holds = { owners: owners.toSorted(), finalizers: metadata.finalizers.toSorted() };
        return [`${resource.kind} ${metadata.name}`, holds] as const;
      }),
    ),
  );
  return Object.fromEntries(entries.flat().toSorted(([a], [b]) => (a < b ? -1 : 1)));
}

/** What holds the objects of each kind, each combination once: kind and `controller` of owners, then finalizers. */
export function holdsByKind(holds: Awaited<ReturnType<typeof readHolds>>): Record<string, string[]> {
  const kinds = new Map<string, Set<string>>();
  for (const [object, { owners, finalizers }] of Object.entries(holds)) {
    const [kind = ''] = object.split(' ');
    const ownerKinds = owners.map((owner) => owner.replace(/^(\S+) \S+ \S+ (\S+)$/, '$1 $2'));
    kinds.set(kind, (kinds.get(kind) ?? new Set()).add([...ownerKinds, ...finalizers].join(', ')));
  }
  return Object.fromEntries([...kinds].map(([kind, held]) => [kind, [...held]]));
}

/** Waits until no object of these kinds has changed, come or gone for `quietMs`; else says which last did. */
export async function untilQuiet(place: Place, kinds: readonly Resource<unknown>[], quietMs: number): Promise<void> {
  let versions = new Map<string, string>();
  let changed: string[] = [];
  let sinceMs = performance.now();
  await waitFor(
    `no object changes for ${quietMs} ms`,
    async () => {
      const now = await readVersions(place, kinds);
      const names = new Set([...versions.keys(), ...now.keys()]);
      const differing = [...names].filter((name) => versions.get(name) !== now.get(name));
      if (differing.length > 0) [changed, sinceMs] = [differing, performance.now()];
      versions = now;
      return performance.now() - sinceMs >= quietMs;
    },
    () => changed,
    { timeoutMs: quietMs + 120_000, everyMs: 1_000 },
  );
}

async function readVersions(place: Place, kinds: readonly Resource<unknown>[]): Promise<Map<string, string>> {
  const lists = await Promise.all(
    kinds.map(async (resource) =>
      (await listMetadata(place, resource)).map(
        ({ name, uid, resourceVersion }) => [`${resource.kind} ${name} ${uid}`, resourceVersion] as const,
      ),
    ),
  );
  return new Map(lists.flat());
}
