import { setTimeout as sleep } from 'node:timers/promises';
import { z } from 'zod';
import { type Resource } from '../../api/resources.ts';
import { type KubeClient } from '../../runtime/kube/client.ts';
import { type Manifest } from './cluster-api-manifests.ts';

const FIELD_MANAGER = 'ironloom-dev';
const POLL_EVERY_MS = 50;
const ESTABLISHED_DEADLINE_MS = 30_000;

const conditionSchema = z.object({ type: z.string(), status: z.string() });
const customResourceDefinitionSchema = z.object({
  metadata: z.object({ name: z.string() }),
  // A CRD just made has null for a list of conditions.
  status: z.object({ conditions: z.array(conditionSchema).nullish() }).optional(),
});
const customResourceDefinitions = {
  group: 'apiextensions.k8s.io',
  version: 'v1',
  plural: 'customresourcedefinitions',
  kind: 'CustomResourceDefinition',
  schema: customResourceDefinitionSchema,
} satisfies Resource<unknown>;

/** How any manifest is addressed, with the plural that its kind has by the rules of English. */
export function resourceOf(manifest: Pick<Manifest, 'apiVersion' | 'kind'>): Resource<unknown> {
  const [first = '', second] = manifest.apiVersion.split('/');
  const kind = manifest.kind;
  return {
    group: second === undefined ? '' : first,
    version: second ?? first,
    plural: pluralOf(kind.toLowerCase()),
    kind,
    schema: z.unknown(),
  };
}

function pluralOf(word: string): string {
  if (/[^aeiou]y$/.test(word)) return `${word.slice(0, -1)}ies`;
  return /(s|x|ch|sh)$/.test(word) ? `${word}es` : `${word}s`;
}

/** Server-side applies one manifest. Its kind must be served. */
export async function applyManifest(client: KubeClient, manifest: Manifest): Promise<void> {
  await client.apply(resourceOf(manifest), manifest, { fieldManager: FIELD_MANAGER });
}

/** Applies CRDs and waits until all of them are served. @throws Error naming those that are not */
export async function applyCrds(client: KubeClient, crds: readonly Manifest[]): Promise<void> {
  await Promise.all(crds.map((crd) => applyManifest(client, crd)));
  const names = new Set(crds.map((crd) => crd.metadata.name));
  const deadline = performance.now() + ESTABLISHED_DEADLINE_MS;
  for (;;) {
    const { items } = await client.list(customResourceDefinitions);
    for (const crd of z.array(customResourceDefinitionSchema).parse(items)) {
      const conditions = crd.status?.conditions ?? [];
      if (conditions.some(({ type, status }) => type === 'Established' && status === 'True')) {
        names.delete(crd.metadata.name);
      }
    }
    if (names.size === 0) return;
    if (performance.now() > deadline) throw new Error(`CRDs not established in time: ${[...names].join(', ')}`);
    await sleep(POLL_EVERY_MS);
  }
}
