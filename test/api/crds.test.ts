import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { type StructuralSchema, toStructuralSchema } from '../../api/crd-schema.ts';
import { type CustomResourceDefinition, renderCrds } from '../../api/crds.ts';

const crds = renderCrds();

/** Every schema below the root, with its path. */
function* walk(schema: StructuralSchema, path: string): Generator<[string, StructuralSchema]> {
  yield [path, schema];
  for (const [name, field] of Object.entries(schema.properties ?? {})) yield* walk(field, `${path}.${name}`);
  if (schema.items) yield* walk(schema.items, `${path}[]`);
  if (schema.additionalProperties) yield* walk(schema.additionalProperties, `${path}{}`);
}

function schemaOf(crd: CustomResourceDefinition): StructuralSchema {
  const schema = crd.spec.versions[0]?.schema.openAPIV3Schema;
  if (schema === undefined) throw new Error(`${crd.metadata.name} has no schema`);
  return schema;
}

function crdOf(kind: string): CustomResourceDefinition {
  const crd = crds.find((candidate) => candidate.spec.names.kind === kind);
  if (crd === undefined) throw new Error(`no CRD for ${kind}`);
  return crd;
}

function fieldOf(kind: string, path: string): StructuralSchema {
  const found = [...walk(schemaOf(crdOf(kind)), '')].find(([candidate]) => candidate === path)?.[1];
  if (found === undefined) throw new Error(`${kind} has no field ${path}`);
  return found;
}

describe.each(crds)('the CRD $metadata.name', (crd) => {
  const fields = [...walk(schemaOf(crd), '')];

  it('describes every field', () => {
    const silent = fields
      .filter(([path, schema]) => !path.endsWith('[]') && !path.endsWith('{}') && !schema.description)
      .map(([path]) => path);
    expect(silent).toEqual(['.metadata']);
  });

  it('is structural', () => {
    for (const [path, schema] of fields) {
      expect(schema.properties && schema.additionalProperties, path).toBeUndefined();
      expect(schema.type ?? schema['x-kubernetes-int-or-string'], path).toBeDefined();
      expect(Math.abs(schema.maximum ?? 0), path).toBeLessThan(Number.MAX_SAFE_INTEGER);
    }
  });

  it('serves both CAPI contracts and has a status subresource', () => {
    expect(crd.metadata.labels).toMatchObject({
      'cluster.x-k8s.io/v1beta1': 'v1beta1',
      'cluster.x-k8s.io/v1beta2': 'v1beta1',
    });
    expect(crd.spec.names.categories).toEqual(['cluster-api']);
    expect(crd.spec.versions[0]?.subresources).toEqual({ status: {} });
  });

  it('keeps conditions as a map by type', () => {
    const conditions = fields.filter(([path]) => path.endsWith('.conditions'));
    for (const [, schema] of conditions) expect(schema['x-kubernetes-list-map-keys']).toEqual(['type']);
  });
});

describe('the columns', () => {
  it.each([
    ['BaremetalMachine', ['Cluster', 'Pool', 'Phase', 'Inventory', 'Ready', 'Reason', 'Age']],
    ['BaremetalMachineTemplate', ['Pool', 'Age']],
    [
      'MachineInventoryPool',
      ['Cluster', 'Total', 'Available', 'Allocated', 'Preparing', 'Reprovisioning', 'Unavailable', 'Age'],
    ],
    ['BaremetalCluster', ['Endpoint', 'Ready', 'Age']],
    ['BaremetalClusterTemplate', ['Age']],
    ['BaremetalRemediation', ['Cluster', 'Strategy', 'Phase', 'Retries', 'Reason', 'Age']],
    ['BaremetalRemediationTemplate', ['Strategy', 'Age']],
  ])('of %s are those of the contract', (kind, expected) => {
    const columns = crdOf(kind).spec.versions[0]?.additionalPrinterColumns;
    expect(columns?.map((column) => column.name)).toEqual(expected);
  });
});

describe('single fields', () => {
  it('lets the API server find machines by the host that they name', () => {
    const selectable = (kind: string) => crdOf(kind).spec.versions[0]?.selectableFields;
    expect(selectable('BaremetalMachine')).toEqual([{ jsonPath: '.spec.providerID' }]);
    expect(selectable('BaremetalCluster')).toBeUndefined();
  });

  it('keeps the order of hosts and their names unique', () => {
    const list = fieldOf('MachineInventoryPool', '.spec.machineInventories');
    expect(list).toMatchObject({ 'x-kubernetes-list-type': 'map', 'x-kubernetes-list-map-keys': ['name'] });
  });

  it('moves pools and remediation templates with clusterctl, which owns none of them', () => {
    const moved = crds.filter((crd) => 'clusterctl.cluster.x-k8s.io/move' in crd.metadata.labels);
    expect(moved.map((crd) => crd.spec.names.kind)).toEqual(['MachineInventoryPool', 'BaremetalRemediationTemplate']);
  });

  it('requires the pool of a machine', () => {
    expect(schemaOf(crdOf('BaremetalMachine')).required).toEqual(['spec']);
    expect(fieldOf('BaremetalMachine', '.spec').required).toEqual(['machineInventoryPoolRef']);
  });

  it('takes capacity as texts alone, for the autoscaler reads none if one is a number', () => {
    expect(fieldOf('BaremetalMachineTemplate', '.status.capacity{}')).toEqual({ type: 'string' });
  });

  it('has in the template of a cluster all that the cluster has, and asks for nothing that a patch may add', () => {
    const cluster = fieldOf('BaremetalCluster', '.spec');
    const template = fieldOf('BaremetalClusterTemplate', '.spec.template.spec');
    const names = (schema: StructuralSchema) => [...walk(schema, '')].map(([path]) => path);
    expect(names(template)).toEqual(names(cluster));
    const rules = [...walk(template, '')].flatMap(([, schema]) => schema['x-kubernetes-validations'] ?? []);
    expect(rules).toEqual([]);
  });

  it('has no failureDomain, which would overwrite the one of the Machine', () => {
    const spec = fieldOf('BaremetalMachine', '.spec');
    expect(Object.keys(spec.properties ?? {})).not.toContain('failureDomain');
  });
});

describe('toStructuralSchema', () => {
  it('refuses an extension for a field that does not exist', () => {
    expect(() => toStructuralSchema(z.object({ a: z.string() }), { 'spec.b': {} })).toThrow('spec.b');
  });

  it('refuses what has no structural form', () => {
    expect(() => toStructuralSchema(z.object({ a: z.union([z.string(), z.boolean()]) }), {})).toThrow(
      'a: no structural',
    );
  });
});
