import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { z } from 'zod';
import { objectMetaSchema } from '../../api/meta.ts';
import type { Resource } from '../../api/resources.ts';
import { readDocuments } from '../../dev/host/node/identity.ts';
import type { Lab } from '../../dev/lab/lab.ts';
import { readChangedSamples, type SampleManifest } from '../../dev/lab/samples.ts';
import { type Site, summarise } from './site.ts';
import { waitFor } from './wait-for.ts';

type Place = Pick<Lab, 'client' | 'namespace'>;

/** A Cluster that consists of our hosts alone. */
export interface BareCluster {
  name: string;
  /** Members of the pool `control-plane`, in order of preference. */
  hosts: readonly string[];
  /** Members of the pool `workers`; as many machines. */
  workers: readonly string[];
  /** Where the workers have to stand. Default: anywhere. */
  workersIn?: string;
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
        conditions: z
          .array(z.looseObject({ type: z.string(), status: z.string(), message: z.string().optional() }))
          .optional(),
      })
      .default({}),
  }),
} satisfies Resource<unknown>;

export const CONTROL_PLANE_LABEL = 'cluster.x-k8s.io/control-plane';
const sampleFile = fileURLToPath(new URL('../../config/samples/control-plane.yaml', import.meta.url));
const manifestSchema = z.looseObject({
  apiVersion: z.string(),
  kind: z.string(),
  metadata: z.looseObject({ name: z.string() }),
});

const templateSchema = z.object({ template: z.looseObject({ spec: z.looseObject({}) }) });

/** Applies config/samples for a Cluster of another name, with control-plane.yaml for the control plane. */
export async function deployBareCluster(lab: Place & Pick<Lab, 'apply'>, cluster: BareCluster): Promise<void> {
  const { namespace } = lab;
  const { name, workers } = cluster;
  const hosts = workers.map((host) => ({ name: host }));
  const samples = await readChangedSamples({ namespace, hosts, replicas: workers.length });
  const own = readDocuments(await readFile(sampleFile, 'utf8'));
  const others = samples.filter(({ kind }) => kind !== 'Namespace' && kind !== 'ExternalControlPlane');
  const renamed: unknown = JSON.parse(JSON.stringify([...others, ...own]), renameTo(name));
  await lab.apply(
    z
      .array(manifestSchema)
      .parse(renamed)
      .map((manifest) => adapt(manifest, namespace, cluster)),
  );
}

/** The samples' Cluster is called `demo` wherever it is named, and nothing else is. */
function renameTo(name: string): (key: string, value: unknown) => unknown {
  return (_, value) => (value === 'demo' ? name : value);
}

function adapt(
  manifest: SampleManifest,
  namespace: string,
  { name, hosts, port, workersIn }: BareCluster,
): SampleManifest {
  const metadata = { ...manifest.metadata, namespace };
  const withSpec = (changes: object): SampleManifest => {
    const spec = z.looseObject({}).parse(manifest['spec']);
    return { ...manifest, metadata, spec: { ...spec, ...changes } };
  };
  switch (`${manifest.kind} ${manifest.metadata.name}`) {
    case `Cluster ${name}`:
      return withSpec({ controlPlaneRef: { apiGroup: controlPlanes.group, kind: controlPlanes.kind, name } });
    case `BaremetalCluster ${name}`:
      return withSpec({ controlPlaneLoadBalancer: { type: 'External', host: '127.0.0.1', port } });
    case 'MachineInventoryPool control-plane':
      return withSpec({ machineInventories: hosts.map((host) => ({ name: host })) });
    case 'MachineDeployment workers': {
      const { template } = templateSchema.parse(manifest['spec']);
      const failureDomain = workersIn === undefined ? {} : { failureDomain: workersIn };
      return withSpec({ template: { ...template, spec: { ...template.spec, ...failureDomain } } });
    }
    default:
      return { ...manifest, metadata };
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

/**
 * Cluster API says itself that it could not ask the cluster's etcd in time, as on a busy machine (seen in CI). It calls no
 * machine available then, whatever it is.
 */
export function couldNotAskEtcd({ conditions = [] }: z.infer<typeof controlPlanes.schema>['status']): boolean {
  return conditions.some(
    ({ type, status, message }) =>
      type === 'MachinesReady' && status === 'Unknown' && message?.includes('Failed to get etcd members') === true,
  );
}

/** Machines of the control plane, or of the workers, oldest first. */
export async function listMachines(site: Site, role: 'control plane' | 'worker') {
  const isOfRole = (labels: object): boolean => CONTROL_PLANE_LABEL in labels === (role === 'control plane');
  return (await site.machines())
    .filter(({ metadata }) => isOfRole(metadata.labels))
    .toSorted((a, b) => a.metadata.creationTimestamp.localeCompare(b.metadata.creationTimestamp));
}
