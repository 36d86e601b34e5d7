import { z } from 'zod';
import { API_GROUP, API_VERSION } from './constants.ts';
import { capiClusterSchema, capiMachineSchema } from './cluster-api.ts';
import { baremetalClusterTemplateSchema } from './cluster-template.ts';
import { baremetalClusterSchema } from './cluster.ts';
import { configMapSchema, secretSchema } from './core.ts';
import { machineInventorySchema } from './inventory.ts';
import { baremetalMachineTemplateSchema } from './machine-template.ts';
import { baremetalMachineSchema } from './machine.ts';
import { objectMetaSchema } from './meta.ts';
import { machineInventoryPoolSchema } from './pool.ts';
import { baremetalRemediationSchema, baremetalRemediationTemplateSchema } from './remediation.ts';

/** How a namespaced kind is addressed in the Kubernetes API and read from it. */
export interface Resource<T> {
  /** '' for the core group. */
  group: string;
  version: string;
  plural: string;
  kind: string;
  /** Parses what the API server answers; throws a ZodError. */
  schema: z.ZodType<T>;
}

const ours = { group: API_GROUP, version: API_VERSION };

export const baremetalMachines = {
  ...ours,
  plural: 'baremetalmachines',
  kind: 'BaremetalMachine',
  schema: baremetalMachineSchema,
} satisfies Resource<unknown>;
export const baremetalMachineTemplates = {
  ...ours,
  plural: 'baremetalmachinetemplates',
  kind: 'BaremetalMachineTemplate',
  schema: baremetalMachineTemplateSchema,
} satisfies Resource<unknown>;
export const baremetalClusters = {
  ...ours,
  plural: 'baremetalclusters',
  kind: 'BaremetalCluster',
  schema: baremetalClusterSchema,
} satisfies Resource<unknown>;
export const baremetalClusterTemplates = {
  ...ours,
  plural: 'baremetalclustertemplates',
  kind: 'BaremetalClusterTemplate',
  schema: baremetalClusterTemplateSchema,
} satisfies Resource<unknown>;
export const machineInventoryPools = {
  ...ours,
  plural: 'machineinventorypools',
  kind: 'MachineInventoryPool',
  schema: machineInventoryPoolSchema,
} satisfies Resource<unknown>;
export const baremetalRemediations = {
  ...ours,
  plural: 'baremetalremediations',
  kind: 'BaremetalRemediation',
  schema: baremetalRemediationSchema,
} satisfies Resource<unknown>;
export const baremetalRemediationTemplates = {
  ...ours,
  plural: 'baremetalremediationtemplates',
  kind: 'BaremetalRemediationTemplate',
  schema: baremetalRemediationTemplateSchema,
} satisfies Resource<unknown>;
export const machineInventories = {
  group: 'elemental.cattle.io',
  version: 'v1beta1',
  plural: 'machineinventories',
  kind: 'MachineInventory',
  schema: machineInventorySchema,
} satisfies Resource<unknown>;
export const capiMachines = {
  group: 'cluster.x-k8s.io',
  version: 'v1beta2',
  plural: 'machines',
  kind: 'Machine',
  schema: capiMachineSchema,
} satisfies Resource<unknown>;
export const capiClusters = {
  group: 'cluster.x-k8s.io',
  version: 'v1beta2',
  plural: 'clusters',
  kind: 'Cluster',
  schema: capiClusterSchema,
} satisfies Resource<unknown>;
export const secrets = {
  group: '',
  version: 'v1',
  plural: 'secrets',
  kind: 'Secret',
  schema: secretSchema,
} satisfies Resource<unknown>;
export const configMaps = {
  group: '',
  version: 'v1',
  plural: 'configmaps',
  kind: 'ConfigMap',
  schema: configMapSchema,
} satisfies Resource<unknown>;
export const events = {
  group: '',
  version: 'v1',
  plural: 'events',
  kind: 'Event',
  schema: z.object({ metadata: objectMetaSchema }),
} satisfies Resource<unknown>;
/** Cluster-scoped: addressed with an empty namespace. */
export const customResourceDefinitions = {
  group: 'apiextensions.k8s.io',
  version: 'v1',
  plural: 'customresourcedefinitions',
  kind: 'CustomResourceDefinition',
  schema: z.object({ metadata: objectMetaSchema }),
} satisfies Resource<unknown>;
/** For `createKubeClient().list` with metadata only (PartialObjectMetadata). */
export const objectMetaOnlySchema = z.object({ metadata: objectMetaSchema });
