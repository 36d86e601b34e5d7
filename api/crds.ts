import type { z } from 'zod';
import { baremetalClusterTemplateSchema } from './cluster-template.ts';
import { baremetalClusterSchema } from './cluster.ts';
import { API_GROUP, API_VERSION } from './constants.ts';
import { crdExtensions } from './crd-rules.ts';
import { type SchemaExtension, type StructuralSchema, toStructuralSchema } from './crd-schema.ts';
import { baremetalMachineTemplateSchema } from './machine-template.ts';
import { baremetalMachineSchema } from './machine.ts';
import { machineInventoryPoolSchema } from './pool.ts';
import { baremetalRemediationSchema, baremetalRemediationTemplateSchema } from './remediation.ts';

interface PrinterColumn {
  name: string;
  type: 'string' | 'integer' | 'date';
  jsonPath: string;
  description?: string;
}

interface Kind {
  kind: string;
  plural: string;
  shortName: string;
  description: string;
  schema: z.ZodObject;
  extensions: Readonly<Record<string, SchemaExtension>>;
  columns: readonly PrinterColumn[];
  /** JSON paths of fields by which the API server can be asked for objects. */
  selectable?: readonly string[];
  /** Labels beside those that all our CRDs carry. */
  labels?: Record<string, string>;
}

const cluster: PrinterColumn = {
  name: 'Cluster',
  type: 'string',
  jsonPath: '.metadata.labels.cluster\\.x-k8s\\.io/cluster-name',
};
const ready: PrinterColumn = {
  name: 'Ready',
  type: 'string',
  jsonPath: '.status.conditions[?(@.type=="Ready")].status',
};
const reason: PrinterColumn = {
  name: 'Reason',
  type: 'string',
  jsonPath: '.status.conditions[?(@.type=="Ready")].reason',
  description: 'What the machine waits for, or what is wrong.',
};
const age: PrinterColumn = { name: 'Age', type: 'date', jsonPath: '.metadata.creationTimestamp' };
const text = (name: string, jsonPath: string): PrinterColumn => ({ name, type: 'string', jsonPath });
const count = (name: string): PrinterColumn => ({ name, type: 'integer', jsonPath: `.status.${name.toLowerCase()}` });

const kinds: readonly Kind[] = [
  {
    kind: 'BaremetalMachine',
    plural: 'baremetalmachines',
    shortName: 'bmm',
    description: 'A Cluster API infrastructure machine: borrows one physical host for the life of one node.',
    schema: baremetalMachineSchema,
    extensions: crdExtensions.BaremetalMachine,
    columns: [
      cluster,
      text('Pool', '.spec.machineInventoryPoolRef.name'),
      text('Phase', '.status.phase'),
      text('Inventory', '.status.machineInventoryRef.name'),
      ready,
      reason,
      age,
    ],
    // Before a host is given away: does any machine's providerID name it?
    selectable: ['.spec.providerID'],
  },
  {
    kind: 'BaremetalMachineTemplate',
    plural: 'baremetalmachinetemplates',
    shortName: 'bmmt',
    description: 'What the BaremetalMachines of a machine group are made from.',
    schema: baremetalMachineTemplateSchema,
    extensions: crdExtensions.BaremetalMachineTemplate,
    columns: [text('Pool', '.spec.template.spec.machineInventoryPoolRef.name'), age],
  },
  {
    kind: 'MachineInventoryPool',
    plural: 'machineinventorypools',
    shortName: 'mip',
    description: 'The ordered list of hosts that one machine group may use.',
    schema: machineInventoryPoolSchema,
    extensions: crdExtensions.MachineInventoryPool,
    columns: [
      text('Cluster', '.spec.clusterName'),
      ...['Total', 'Available', 'Allocated', 'Preparing', 'Reprovisioning', 'Unavailable'].map(count),
      age,
    ],
    // Nothing owns a pool, so clusterctl would leave it behind.
    labels: { 'clusterctl.cluster.x-k8s.io/move': '' },
  },
  {
    kind: 'BaremetalCluster',
    plural: 'baremetalclusters',
    shortName: 'bmc',
    description: 'The infrastructure of one workload cluster: where its API server is reached.',
    schema: baremetalClusterSchema,
    extensions: crdExtensions.BaremetalCluster,
    // Where it is known it is the message, with the port; a column can join no two fields.
    columns: [text('Endpoint', '.status.conditions[?(@.reason=="EndpointReady")].message'), ready, age],
  },
  {
    kind: 'BaremetalClusterTemplate',
    plural: 'baremetalclustertemplates',
    shortName: 'bmct',
    description: 'What the BaremetalClusters of a ClusterClass are made from.',
    schema: baremetalClusterTemplateSchema,
    extensions: crdExtensions.BaremetalClusterTemplate,
    columns: [age],
  },
  {
    kind: 'BaremetalRemediation',
    plural: 'baremetalremediations',
    shortName: 'bmr',
    description:
      'Asks for an unhealthy Machine to be healed before it is replaced. MachineHealthChecks make and delete it.',
    schema: baremetalRemediationSchema,
    extensions: {},
    columns: [
      cluster,
      text('Strategy', '.spec.strategy.type'),
      text('Phase', '.status.phase'),
      { name: 'Retries', type: 'integer', jsonPath: '.status.retryCount' },
      text('Reason', '.status.conditions[?(@.type=="Ready")].reason'),
      age,
    ],
  },
  {
    kind: 'BaremetalRemediationTemplate',
    plural: 'baremetalremediationtemplates',
    shortName: 'bmrt',
    description: 'What the BaremetalRemediations of a MachineHealthCheck are made from.',
    schema: baremetalRemediationTemplateSchema,
    extensions: {},
    columns: [text('Strategy', '.spec.template.spec.strategy.type'), age],
    // Nothing owns it, either.
    labels: { 'clusterctl.cluster.x-k8s.io/move': '' },
  },
];

/** Labels of every CRD: both CAPI contracts are served by v1beta1, and clusterctl knows the kind. */
const contractLabels = {
  'cluster.x-k8s.io/v1beta1': API_VERSION,
  'cluster.x-k8s.io/v1beta2': API_VERSION,
  'clusterctl.cluster.x-k8s.io': '',
};

/** apiextensions.k8s.io/v1 `CustomResourceDefinition`, as far as we write it. */
export type CustomResourceDefinition = ReturnType<typeof renderCrd>;

/** The CRDs of this provider, rendered from the zod schemas of this folder. */
export function renderCrds(): CustomResourceDefinition[] {
  return kinds.map(renderCrd);
}

function renderCrd(kind: Kind) {
  return {
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'CustomResourceDefinition',
    metadata: {
      name: `${kind.plural}.${API_GROUP}`,
      labels: { ...contractLabels, ...kind.labels },
    },
    spec: {
      group: API_GROUP,
      scope: 'Namespaced',
      names: {
        kind: kind.kind,
        listKind: `${kind.kind}List`,
        plural: kind.plural,
        singular: kind.kind.toLowerCase(),
        shortNames: [kind.shortName],
        categories: ['cluster-api'],
      },
      versions: [
        {
          name: API_VERSION,
          served: true,
          storage: true,
          subresources: { status: {} },
          additionalPrinterColumns: kind.columns,
          ...(kind.selectable !== undefined && { selectableFields: kind.selectable.map((jsonPath) => ({ jsonPath })) }),
          schema: { openAPIV3Schema: renderSchema(kind) },
        },
      ],
    },
  };
}

function renderSchema(kind: Kind): StructuralSchema {
  const body = toStructuralSchema(kind.schema.omit({ apiVersion: true, kind: true, metadata: true }), kind.extensions);
  return {
    description: kind.description,
    ...body,
    properties: {
      apiVersion: { type: 'string', description: 'Version of the schema of this object.' },
      kind: { type: 'string', description: 'Kind of this object.' },
      metadata: { type: 'object' },
      ...body.properties,
    },
  };
}
