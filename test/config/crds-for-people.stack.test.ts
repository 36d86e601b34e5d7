import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import { renderCrds } from '../../api/crds.ts';
import { askKube, readTable } from '../support/kube-raw.ts';

describe('what kubectl prints and explains', () => {
  const columns = {
    baremetalmachines: ['Name', 'Cluster', 'Pool', 'Phase', 'Inventory', 'Ready', 'Reason', 'Age'],
    baremetalmachinetemplates: ['Name', 'Pool', 'Age'],
    machineinventorypools: 'Name Cluster Total Available Allocated Preparing Reprovisioning Unavailable Age'.split(' '),
    baremetalclusters: ['Name', 'Endpoint', 'Ready', 'Age'],
    baremetalclustertemplates: ['Name', 'Age'],
    baremetalremediations: ['Name', 'Cluster', 'Strategy', 'Phase', 'Retries', 'Reason', 'Age'],
    baremetalremediationtemplates: ['Name', 'Strategy', 'Age'],
  };
  const group = '/apis/infrastructure.cluster.x-k8s.io/v1beta1';

  test.each(Object.entries(columns))('%s are listed with their columns', async (plural, names) => {
    expect((await readTable(`${group}/namespaces/default/${plural}`)).columns).toEqual(names);
  });

  test('the short names and the category are served', async () => {
    const listSchema = z.object({
      resources: z.array(
        z.object({
          name: z.string(),
          shortNames: z.array(z.string()).default([]),
          categories: z.array(z.string()).default([]),
        }),
      ),
    });
    const { resources } = listSchema.parse(await askKube({ method: 'GET', path: group }));
    const served = new Map(resources.map((resource) => [resource.name, resource]));
    const shortNames = Object.keys(columns).map((plural) => served.get(plural)?.shortNames);
    expect(shortNames).toEqual([['bmm'], ['bmmt'], ['mip'], ['bmc'], ['bmct'], ['bmr'], ['bmrt']]);
    for (const plural of Object.keys(columns)) expect(served.get(plural)?.categories).toEqual(['cluster-api']);
  });

  test('kubectl explain has a text for every field', async () => {
    const openapi = z
      .object({ components: z.object({ schemas: z.record(z.string(), z.unknown()) }) })
      .parse(await askKube({ method: 'GET', path: `/openapi/v3${group}` }));
    const kinds = renderCrds().map(({ spec }) => spec.names.kind);
    for (const kind of kinds) {
      const name = Object.keys(openapi.components.schemas).find((key) => key.endsWith(`.v1beta1.${kind}`)) ?? '';
      const schema = fieldSchema.parse(openapi.components.schemas[name]);
      const { metadata: _described, ...own } = schema.properties ?? {};
      expect(Object.keys(own)).toContain('spec');
      expect(undescribed({ properties: own }, kind)).toEqual([]);
    }
  });
});

interface Field {
  description?: string | undefined;
  properties?: Record<string, Field | undefined> | undefined;
  items?: Field | undefined;
}
const fieldSchema: z.ZodType<Field> = z.lazy(() =>
  z.object({
    description: z.string().optional(),
    properties: z.record(z.string(), fieldSchema.optional()).optional(),
    items: fieldSchema.optional(),
  }),
);

/** Paths of the fields without a text. */
function undescribed({ properties = {}, items }: Field, path: string): string[] {
  const missing = Object.entries(properties).flatMap(([name, field]) => {
    const here = `${path}.${name}`;
    const own = field?.description === undefined || field.description === '' ? [here] : [];
    return field === undefined ? own : [...own, ...undescribed(field, here)];
  });
  return items === undefined ? missing : [...missing, ...undescribed(items, `${path}[]`)];
}
