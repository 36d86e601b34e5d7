import { z } from 'zod';
import type { BaremetalMachine } from '../../api/machine.ts';
import type { Lab } from '../../dev/lab/lab.ts';
import { readSamples, type SampleManifest } from '../../dev/lab/samples.ts';

type Place = Pick<Lab, 'namespace'>;

/** What the machines of a MachineDeployment are known by. */
export const DEPLOYMENT_LABEL = 'cluster.x-k8s.io/deployment-name';
const specSchema = z.looseObject({});

/** Of a machine's spec, what else a template may ask for. */
export type MachineWishes = Pick<BaremetalMachine['spec'], 'allocationPolicy' | 'hostReuse'>;

/** A `BaremetalMachineTemplate` of the samples whose machines use the pool. */
export async function renderMachineTemplate(
  place: Place,
  name: string,
  pool: string,
  wishes: MachineWishes = {},
): Promise<SampleManifest> {
  const spec = { template: { spec: { machineInventoryPoolRef: { name: pool }, ...wishes } } };
  return { ...(await findSample(place, 'BaremetalMachineTemplate', name)), spec };
}

/** A `KubeadmConfigTemplate` of the samples whose nodes get the label `example.com/machine-group`. */
export async function renderBootstrapTemplate(place: Place, name: string, group: string): Promise<SampleManifest> {
  const kubeletExtraArgs = [{ name: 'node-labels', value: `example.com/machine-group=${group}` }];
  const nodeRegistration = { name: '{{ ds.meta_data.local_hostname }}', kubeletExtraArgs };
  const spec = { template: { spec: { joinConfiguration: { nodeRegistration } } } };
  return { ...(await findSample(place, 'KubeadmConfigTemplate', name)), spec };
}

/** The `MachineDeployment` of the samples with templates of its own name. */
export async function renderDeployment(place: Place, name: string, replicas: number): Promise<SampleManifest> {
  const sample = await findSample(place, 'MachineDeployment', name);
  const { template, ...spec } = z.looseObject({ template: z.looseObject({ spec: specSchema }) }).parse(sample['spec']);
  const labels = { 'cluster.x-k8s.io/cluster-name': 'demo', [DEPLOYMENT_LABEL]: name };
  const bootstrap = { configRef: refTo('bootstrap.cluster.x-k8s.io', 'KubeadmConfigTemplate', name) };
  const infrastructureRef = refTo('infrastructure.cluster.x-k8s.io', 'BaremetalMachineTemplate', name);
  return {
    ...sample,
    spec: {
      ...spec,
      replicas,
      selector: { matchLabels: labels },
      // No spare host is needed: a machine goes, then its host, or another one, is taken again.
      rollout: { strategy: { type: 'RollingUpdate', rollingUpdate: { maxSurge: 0, maxUnavailable: 1 } } },
      template: { metadata: { labels }, spec: { ...template.spec, bootstrap, infrastructureRef } },
    },
  };
}

function refTo(apiGroup: string, kind: string, name: string) {
  return { apiGroup, kind, name };
}

async function findSample({ namespace }: Place, kind: string, name: string): Promise<SampleManifest> {
  const sample = (await readSamples()).find((manifest) => manifest.kind === kind);
  if (sample === undefined) throw new Error(`config/samples has no ${kind}`);
  return { ...sample, metadata: { name, namespace, labels: { 'cluster.x-k8s.io/cluster-name': 'demo' } } };
}
