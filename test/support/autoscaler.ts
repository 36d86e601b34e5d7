import { z } from 'zod';
import { askKube } from './kube-raw.ts';

/*
 * What cluster-autoscaler's provider `clusterapi` reads of a node group, as it reads it: restated from its
 * clusterapi_unstructured.go and clusterapi_utils.go. It decodes no types: a map in which one value is no text is not there.
 */

/** What the autoscaler makes of a node group without nodes. */
export interface NodeGroup {
  minSize: number;
  maxSize: number;
  canScaleFromZero: boolean;
  /** By resource, as numbers: threads, bytes, pieces. */
  capacity: Record<string, number>;
  nodeInfo: Record<string, string>;
}

const SIZE = 'cluster.x-k8s.io/cluster-api-autoscaler-node-group';
const CAPACITY = 'capacity.cluster-autoscaler.kubernetes.io';
const DEFAULT_MAX_PODS = 110;

/** Reads a MachineDeployment and the infrastructure template that it names. */
export async function readNodeGroup(namespace: string, name: string): Promise<NodeGroup> {
  const deployment = await read(`/apis/cluster.x-k8s.io/v1beta2/namespaces/${namespace}/machinedeployments/${name}`);
  const annotations = stringMap(deployment, 'metadata', 'annotations') ?? {};
  const template = await readTemplate(namespace, deployment);
  const capacity = { ...quantitiesOf(stringMap(template, 'status', 'capacity') ?? {}), ...annotated(annotations) };
  return {
    minSize: Number(annotations[`${SIZE}-min-size`]),
    maxSize: Number(annotations[`${SIZE}-max-size`]),
    canScaleFromZero: 'cpu' in capacity && 'memory' in capacity,
    capacity,
    nodeInfo: stringMap(template, 'status', 'nodeInfo') ?? {},
  };
}

/** By group and kind: the version is the one that discovery prefers, the resource the kind in small letters with an s. */
async function readTemplate(namespace: string, deployment: unknown): Promise<unknown> {
  const ref = stringMap(deployment, 'spec', 'template', 'spec', 'infrastructureRef');
  if (ref === undefined) throw new Error('The infrastructureRef is no map of texts');
  const { apiGroup = '', kind = '', name = '' } = ref;
  const group = z
    .object({ preferredVersion: z.object({ version: z.string() }) })
    .parse(await read(`/apis/${apiGroup}`));
  const path = `/apis/${apiGroup}/${group.preferredVersion.version}/namespaces/${namespace}/${kind.toLowerCase()}s/${name}`;
  return read(path);
}

/** Annotations of the MachineDeployment go before what the template says; the pods are never the template's. */
function annotated(annotations: Record<string, string>): Record<string, number> {
  const named = { cpu: 'cpu', memory: 'memory', 'ephemeral-disk': 'ephemeral-storage' };
  const own = Object.entries(named).flatMap(([key, resource]): [string, string][] => {
    const text = annotations[`${CAPACITY}/${key}`];
    return text === undefined ? [] : [[resource, text]];
  });
  const [gpus, type] = [annotations[`${CAPACITY}/gpu-count`], annotations[`${CAPACITY}/gpu-type`]];
  if (gpus !== undefined && type !== undefined) own.push([type, gpus]);
  const pods = Number(annotations[`${CAPACITY}/maxPods`] ?? 0);
  const quantities = quantitiesOf(Object.fromEntries<string>(own));
  return { ...quantities, pods: pods === 0 ? DEFAULT_MAX_PODS : pods };
}

const units: Readonly<Record<string, number>> = {
  '': 1,
  k: 1e3,
  M: 1e6,
  G: 1e9,
  Ki: 2 ** 10,
  Mi: 2 ** 20,
  Gi: 2 ** 30,
};

/** What is no quantity of Kubernetes is left out. */
function quantitiesOf(texts: Record<string, string>): Record<string, number> {
  return Object.fromEntries(
    Object.entries(texts).flatMap(([resource, text]) => {
      const [, amount, unit = ''] = /^(\d+(?:\.\d+)?)([A-Za-z]*)$/.exec(text) ?? [];
      const factor = units[unit];
      return amount === undefined || factor === undefined ? [] : [[resource, Number(amount) * factor]];
    }),
  );
}

/** unstructured.NestedStringMap: undefined where the path does not lead to a map, or where one value is no text. */
function stringMap(object: unknown, ...path: string[]): Record<string, string> | undefined {
  const found: unknown = path.reduce<unknown>(
    (at, step) => (typeof at === 'object' && at !== null ? Reflect.get(at, step) : undefined),
    object,
  );
  return z.record(z.string(), z.string()).safeParse(found).data;
}

function read(path: string): Promise<unknown> {
  return askKube({ method: 'GET', path });
}

/** A Node is that of a Machine if their providerIDs are the same after the last slash (normalizedProviderString). */
export function isSameProvider(node: string, machine: string): boolean {
  return node.slice(node.lastIndexOf('/') + 1) === machine.slice(machine.lastIndexOf('/') + 1);
}
