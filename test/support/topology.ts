import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseAllDocuments } from 'yaml';
import { z } from 'zod';
import { objectMetaSchema } from '../../api/meta.ts';
import {
  baremetalClusters,
  baremetalClusterTemplates,
  baremetalMachineTemplates,
  capiClusters,
  machineInventoryPools,
  type Resource,
} from '../../api/resources.ts';
import { buildKustomization } from '../../dev/release/kustomize.ts';
import { type Manifest, manifestSchema } from '../../dev/stack/cluster-api-manifests.ts';
import { runClusterctl } from '../../dev/stack/clusterctl.ts';
import { DEPLOYMENT_LABEL } from './worker-manifests.ts';
import { controlPlanes } from './control-plane.ts';
import { listMetadata } from './object-metadata.ts';
import { type Site, summarise } from './site.ts';
import { waitFor } from './wait-for.ts';
import { type BaremetalMachine, isServing } from './worker-groups.ts';

const ofNoSchema = { schema: z.object({ metadata: objectMetaSchema }) };
const capi = { group: 'cluster.x-k8s.io', version: 'v1beta2', ...ofNoSchema };
const kubeadmConfigTemplates = {
  ...ofNoSchema,
  group: 'bootstrap.cluster.x-k8s.io',
  version: 'v1beta2',
  plural: 'kubeadmconfigtemplates',
  kind: 'KubeadmConfigTemplate',
} satisfies Resource<unknown>;
/** What the topology controller makes for a Cluster, and the templates of the class. */
export const topologyKinds: readonly Resource<unknown>[] = [
  baremetalClusters,
  baremetalClusterTemplates,
  baremetalMachineTemplates,
  machineInventoryPools,
  kubeadmConfigTemplates,
  controlPlanes,
  { ...capi, plural: 'machinedeployments', kind: 'MachineDeployment' },
  { ...capi, plural: 'machinesets', kind: 'MachineSet' },
  { ...capi, plural: 'machines', kind: 'Machine' },
];

/** The objects of a file of a release, made of the folder of config/, with these variables. */
export async function generateManifests(folder: string, env: Readonly<Record<string, string>>): Promise<Manifest[]> {
  const built = await buildKustomization(new URL(`../../config/${folder}`, import.meta.url).pathname);
  const place = await mkdtemp(join(tmpdir(), 'ironloom-template-'));
  try {
    const path = join(place, 'template.yaml');
    await writeFile(path, built);
    const { stdout } = await runClusterctl(['generate', 'yaml', `--from=${path}`], { env });
    return parseAllDocuments(stdout).map((document) => manifestSchema.parse(document.toJS()));
  } finally {
    await rm(place, { recursive: true, force: true });
  }
}

/** One operation of a JSON patch on the topology of a Cluster, as `kubectl patch --type json`. */
export async function patchTopology({ client, namespace }: Site, name: string, operation: TopologyPatch) {
  const patch = [{ ...operation, path: `/spec/topology${operation.path}` }];
  await client.patch(capiClusters, { namespace, name }, patch, { type: 'json' });
}

export interface TopologyPatch {
  op: 'add' | 'replace' | 'remove';
  /** Below /spec/topology. */
  path: string;
  value?: unknown;
}

/** Name of the MachineDeployment in the topology, or `control-plane`: what its machines are counted by. */
function groupOf({ metadata: { labels } }: BaremetalMachine): string {
  if ('cluster.x-k8s.io/control-plane' in labels) return 'control-plane';
  return labels['topology.cluster.x-k8s.io/deployment-name'] ?? labels[DEPLOYMENT_LABEL] ?? '';
}

/** By group, hosts of the machines that serve, in alphabetical order. */
export async function readServing(site: Site): Promise<Record<string, string[]>> {
  const groups: Record<string, string[]> = {};
  for (const machine of (await site.machines()).filter(isServing)) {
    (groups[groupOf(machine)] ??= []).push(machine.status?.machineInventoryRef?.name ?? '');
  }
  for (const hosts of Object.values(groups)) hosts.sort();
  return groups;
}

/** Waits until there are as many machines as told, all serve, and all of them are of the version. */
export async function untilServing(site: Site, version: string, counts: Record<string, number>): Promise<void> {
  const isSo = async (): Promise<boolean> => {
    const [groups, machines] = await Promise.all([readServing(site), site.capiMachines()]);
    const all = Object.values(counts).reduce((sum, count) => sum + count, 0);
    const isRight = Object.entries(counts).every(([group, count]) => groups[group]?.length === count);
    return isRight && machines.length === all && machines.every(({ spec }) => spec.version === version);
  };
  await waitFor(`${JSON.stringify(counts)} of ${version} serve`, isSo, () => summarise(site), {
    timeoutMs: 240_000,
    everyMs: 500,
  });
}

/** Names of all templates that there are, in alphabetical order. */
export async function listTemplates(site: Site): Promise<string[]> {
  const kinds = topologyKinds.filter(({ kind }) => kind.endsWith('Template'));
  const lists = await Promise.all(
    kinds.map(async (resource) => (await listMetadata(site, resource)).map(({ name }) => `${resource.kind} ${name}`)),
  );
  return lists.flat().toSorted();
}
