import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parse } from 'yaml';
import { z } from 'zod';
import { foreign } from '../../api/constants.ts';
import type { ObjectMeta } from '../../api/meta.ts';
import { secrets } from '../../api/resources.ts';
import { nodes } from '../../dev/host/node/kube-api.ts';
import { findNodeIdentity, metaDataSchema, type NodeIdentity, parseSeed } from '../../dev/host/node/identity.ts';
import { createKubeClient, type KubeClient } from '../../runtime/kube/client.ts';
import type { Site } from './site.ts';

/** A client made of the kubeconfig that Cluster API leaves for the users of a workload cluster; the caller closes it. */
export async function openWorkloadCluster({ client, namespace }: Site, cluster: string): Promise<KubeClient> {
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

/** As which node kubeadm was told to start or to join, by the seed on the host's disk. */
export async function readBootNode(site: Site, host: string): Promise<NodeIdentity | undefined> {
  const { disk } = site.host(host);
  const read = async (file: string) => (await disk.read(`/var/lib/cloud/seed/nocloud/${file}`)) ?? '';
  return findNodeIdentity(parseSeed(await read('user-data'), metaDataSchema.parse(parse(await read('meta-data')))));
}

const workloadNodeSchema = z.object({
  metadata: z.object({ name: z.string(), labels: z.record(z.string(), z.string()).default({}) }),
  spec: z.object({ providerID: z.string() }),
  status: z.object({ nodeInfo: z.object({ kubeletVersion: z.string() }) }),
});

/** Failure domain of each Node, by the label that schedulers read. */
export async function listZones(workload: KubeClient): Promise<Record<string, string | undefined>> {
  const { items } = await workload.list(nodes);
  const parsed = z.array(workloadNodeSchema).parse(items);
  return Object.fromEntries(parsed.map(({ metadata }) => [metadata.name, metadata.labels[foreign.zoneLabel]]));
}

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

/** The revisions at which a deleted machine's hook was gone, and at which its host was asked back; NaN: never. */
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

/** When, in the order of revisions, objects were being deleted for the first time and seen for the last; or NaN. */
export function findLeaving(states: readonly Dated[]): { first: number; last: number } {
  const leaving = states.filter(({ metadata }) => metadata.deletionTimestamp !== undefined);
  const last = leaving.length === 0 ? Number.NaN : Math.max(...leaving.map(revisionOf));
  return { first: firstRevision(leaving), last };
}

function firstRevision(states: readonly Dated[]): number {
  return states.length === 0 ? Number.NaN : Math.min(...states.map(revisionOf));
}

/** Revisions order the states of all objects of the API server. */
function revisionOf({ metadata }: Dated): number {
  return Number(metadata.resourceVersion);
}
