import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parse, parseAllDocuments } from 'yaml';
import { z } from 'zod';
import { type ObjectMeta, objectMetaSchema } from '../../api/meta.ts';
import { type Resource, secrets } from '../../api/resources.ts';
import { nodes } from '../../dev/host-kube-api.ts';
import { findNodeIdentity, metaDataSchema, type NodeIdentity, parseSeed } from '../../dev/host-node-identity.ts';
import type { Lab } from '../../dev/lab.ts';
import { readChangedSamples, type SampleManifest } from '../../dev/samples.ts';
import { createKubeClient, type KubeClient } from '../../runtime/kube-client.ts';
import { type Site, summarise } from './site.ts';
import { waitFor } from './wait-for.ts';

type Place = Pick<Lab, 'client' | 'namespace'>;

/** A Cluster whose control plane runs on hosts of a pool of its own. */
export interface ControlPlaneRequest {
  /** Of the Cluster, its BaremetalCluster and its KubeadmControlPlane. */
  name: string;
  /** Members of the pool `control-plane`, in order of preference. */
  hosts: readonly string[];
  /** Where the API server is reached, on 127.0.0.1. */
  port: number;
}

/** CAPI's `KubeadmControlPlane`. */
export const controlPlanes = {
  group: 'controlplane.cluster.x-k8s.io',
  version: 'v1beta2',
  plural: 'kubeadmcontrolplanes',
  kind: 'KubeadmControlPlane',
  schema: z.object({
    metadata: objectMetaSchema,
    spec: z.object({ version: z.string() }),
    status: z
      .looseObject({
        replicas: z.number().optional(),
        readyReplicas: z.number().optional(),
        availableReplicas: z.number().optional(),
        upToDateReplicas: z.number().optional(),
        version: z.string().optional(),
      })
      .default({}),
  }),
} satisfies Resource<unknown>;

const sampleFile = fileURLToPath(new URL('../../config/samples/control-plane.yaml', import.meta.url));
const manifestSchema = z.looseObject({
  apiVersion: z.string(),
  kind: z.string(),
  metadata: z.looseObject({ name: z.string() }),
  spec: z.looseObject({}),
});

/** Applies Cluster, BaremetalCluster and image catalog of the samples, and config/samples/control-plane.yaml. */
export async function deployControlPlane(lab: Place & Pick<Lab, 'apply'>, request: ControlPlaneRequest): Promise<void> {
  const samples = (await readChangedSamples(lab)).filter(({ kind }) =>
    ['Cluster', 'BaremetalCluster', 'ConfigMap'].includes(kind),
  );
  const documents = parseAllDocuments(await readFile(sampleFile, 'utf8'));
  const added = documents.map((document) => manifestSchema.parse(document.toJS()));
  await lab.apply([...samples, ...added].map((manifest) => adapt(manifest, lab.namespace, request)));
}

function adapt(
  manifest: SampleManifest,
  namespace: string,
  { name, hosts, port }: ControlPlaneRequest,
): SampleManifest {
  const metadata = { ...manifest.metadata, namespace };
  const spec = z.looseObject({}).optional().parse(manifest['spec']);
  switch (manifest.kind) {
    case 'Cluster': {
      const infrastructureRef = { apiGroup: 'infrastructure.cluster.x-k8s.io', kind: 'BaremetalCluster', name };
      const controlPlaneRef = { apiGroup: controlPlanes.group, kind: controlPlanes.kind, name };
      return { ...manifest, metadata: { ...metadata, name }, spec: { ...spec, infrastructureRef, controlPlaneRef } };
    }
    case 'BaremetalCluster': {
      const controlPlaneLoadBalancer = { type: 'External', host: '127.0.0.1', port };
      return { ...manifest, metadata: { ...metadata, name }, spec: { controlPlaneLoadBalancer } };
    }
    case 'MachineInventoryPool': {
      const machineInventories = hosts.map((host) => ({ name: host }));
      return { ...manifest, metadata: { ...metadata, labels: {} }, spec: { clusterName: name, machineInventories } };
    }
    case 'KubeadmControlPlane':
      return { ...manifest, metadata: { ...metadata, name } };
    default:
      return { ...manifest, metadata };
  }
}

/** A client made of the kubeconfig that Cluster API leaves for the users of a workload cluster; the caller closes it. */
export async function openWorkloadCluster({ client, namespace }: Place, cluster: string): Promise<KubeClient> {
  const secret = await client.get(secrets, { namespace, name: `${cluster}-kubeconfig` });
  const folder = await mkdtemp(join(tmpdir(), 'ironloom-kubeconfig-'));
  try {
    const kubeconfigPath = join(folder, 'kubeconfig');
    await writeFile(kubeconfigPath, Buffer.from(secret.data['value'] ?? '', 'base64'), { mode: 0o600 });
    return createKubeClient({ kubeconfigPath, userAgent: 'ironloom-test' });
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** Waits until three machines of this version serve, and no other. */
export async function untilControlPlane(site: Site, name: string, version: string): Promise<void> {
  const find = () => site.client.find(controlPlanes, { namespace: site.namespace, name });
  await waitFor(
    `${name} has three machines of ${version}`,
    async () => {
      const status = (await find())?.status;
      const counts = [status?.replicas, status?.readyReplicas, status?.availableReplicas, status?.upToDateReplicas];
      return status?.version === version && counts.every((count) => count === 3);
    },
    async () => ({ status: (await find())?.status, machines: await summarise(site) }),
    { timeoutMs: 240_000 },
  );
}

/** All machines of the site, oldest first. */
export async function listMachinesInOrder(site: Site) {
  const machines = await site.machines();
  return machines.toSorted((a, b) => a.metadata.creationTimestamp.localeCompare(b.metadata.creationTimestamp));
}

/** As which node kubeadm was told to start or to join, by the seed on the host's disk. */
export async function readBootNode(site: Site, host: string): Promise<NodeIdentity | undefined> {
  const { disk } = site.host(host);
  const read = async (file: string) => (await disk.read(`/var/lib/cloud/seed/nocloud/${file}`)) ?? '';
  return findNodeIdentity(parseSeed(await read('user-data'), metaDataSchema.parse(parse(await read('meta-data')))));
}

const workloadNodeSchema = z.object({
  metadata: z.object({ name: z.string() }),
  spec: z.object({ providerID: z.string() }),
  status: z.object({ nodeInfo: z.object({ kubeletVersion: z.string() }) }),
});

/** Nodes of the workload cluster, in alphabetical order. */
export async function listNodes(workload: KubeClient) {
  const { items } = await workload.list(nodes);
  return z
    .array(workloadNodeSchema)
    .parse(items)
    .map(({ metadata, spec, status }) => ({ name: metadata.name, ...spec, version: status.nodeInfo.kubeletVersion }))
    .toSorted((a, b) => a.name.localeCompare(b.name));
}

const etcdPodSchema = z.object({
  metadata: z.object({ annotations: z.record(z.string(), z.string()) }),
  spec: z.object({ nodeName: z.string() }),
});
const etcdPods = { group: '', version: 'v1', plural: 'pods', kind: 'Pod', schema: etcdPodSchema };
const ETCD_ANNOTATIONS = 'etcd.inmemory.infrastructure.cluster.x-k8s.io';

/** Id of the etcd member of each Node. One that nobody removed stays a member although its Node and host are gone. */
export async function listEtcdMembers(workload: KubeClient): Promise<Map<string, string>> {
  const { items } = await workload.list(etcdPods, { namespace: 'kube-system', labelSelector: 'component=etcd' });
  const members = z
    .array(etcdPodSchema)
    .parse(items)
    .filter(({ metadata }) => !(`${ETCD_ANNOTATIONS}/member-removed` in metadata.annotations));
  return new Map(
    members.map(({ metadata, spec }) => [spec.nodeName, metadata.annotations[`${ETCD_ANNOTATIONS}/member-id`] ?? '']),
  );
}

interface Dated {
  metadata: ObjectMeta;
}

/** By which KubeadmControlPlane holds a deleted Machine until its etcd member is removed. */
const HOOK = 'pre-terminate.delete.hook.machine.cluster.x-k8s.io/kcp-cleanup';

/** The revisions at which a deleted machine's hook was gone, and at which its host was asked back. */
export function findDeletion(machine: string, machines: readonly Dated[], providers: readonly Dated[]) {
  const deleting = (seen: readonly Dated[]): Dated[] =>
    seen.filter(({ metadata }) => metadata.name === machine && metadata.deletionTimestamp !== undefined);
  const hasHook = ({ metadata }: Dated): boolean => HOOK in metadata.annotations;
  return {
    wasHeld: deleting(machines).some(hasHook),
    hookGone: firstRevision(deleting(machines).filter((seen) => !hasHook(seen))),
    hostAskedBack: firstRevision(deleting(providers)),
  };
}

/** Revisions order the states of all objects of the API server; NaN when there is none. */
export function firstRevision(states: readonly Dated[]): number {
  const revisions = states.map(({ metadata }) => Number(metadata.resourceVersion));
  return revisions.length === 0 ? Number.NaN : Math.min(...revisions);
}
