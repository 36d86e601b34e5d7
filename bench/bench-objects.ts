import { API_GROUP, foreign } from '../api/constants.ts';
import { baremetalMachines, capiMachines, machineInventoryPools, secrets } from '../api/resources.ts';
import { createInventory } from '../dev/elemental/operator.ts';
import { planSecrets, toValue } from '../dev/elemental/plan-secret.ts';
import type { KubeClient } from '../runtime/kube/client.ts';
import { CLUSTER_NAME, VERSION } from './bench-site.ts';

/** The pool, where a benchmark has one. */
export const POOL_NAME = 'workers';

/** User-data that a host can use, as Cluster API's kubeadm provider writes it. */
export const bootstrapData = `## template: jinja
#cloud-config

write_files:
-   path: /run/kubeadm/kubeadm-join-config.yaml
    owner: root:root
    permissions: '0640'
    content: |
      ---
      apiVersion: kubeadm.k8s.io/v1beta4
      kind: JoinConfiguration
      discovery:
        bootstrapToken:
          apiServerEndpoint: 192.0.2.10:6443
          token: abcdef.0123456789abcdef
          unsafeSkipCAVerification: true
      nodeRegistration:
        imagePullPolicy: IfNotPresent
        kubeletExtraArgs:
        - name: node-labels
          value: example.com/machine-group=workers
        name: '{{ ds.meta_data.local_hostname }}'
        taints: null
-   path: /run/cluster-api/placeholder
    owner: root:root
    permissions: '0640'
    content: "This placeholder file is used to create the /run/cluster-api sub directory."
runcmd:
  - 'kubeadm join --config /run/kubeadm/kubeadm-join-config.yaml && echo success > /run/cluster-api/bootstrap-success.complete'
`;

/** Host names of a fixed width, in the pool's order of preference. */
export function hostNames(count: number, prefix = 'host'): string[] {
  return Array.from({ length: count }, (_, index) => `${prefix}-${String(index).padStart(5, '0')}`);
}

/** Registers hosts whose agents have applied the empty plan: Ready, with a plan Secret. Nobody answers later plans. */
export async function registerHosts(client: KubeClient, namespace: string, names: readonly string[]): Promise<void> {
  await inParallel(names, 16, async (name) => {
    await createInventory(client, { namespace, name });
    // What an agent that applied `{}` left there, and elemental-operator's status of it.
    await client.patch(
      planSecrets,
      { namespace, name },
      { data: { 'applied-checksum': toValue(EMPTY_PLAN_CHECKSUM) } },
    );
    await createReadyStatus(client, namespace, name);
  });
}

const EMPTY_PLAN_CHECKSUM = '44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a';

async function createReadyStatus(client: KubeClient, namespace: string, name: string): Promise<void> {
  const ready = {
    type: 'Ready',
    status: 'True',
    reason: 'PlanSuccessfullyApplied',
    message: 'plan successfully applied',
    lastTransitionTime: new Date().toISOString(),
  };
  const plan = { secretRef: { namespace, name }, state: 'Applied', checksum: EMPTY_PLAN_CHECKSUM };
  const resource = { ...planSecrets, group: 'elemental.cattle.io', version: 'v1beta1', plural: 'machineinventories' };
  await client.patch(
    resource,
    { namespace, name },
    { status: { conditions: [ready], plan } },
    { subresource: 'status' },
  );
}

/** The pool that names the hosts in this order. */
export async function createPool(
  client: KubeClient,
  namespace: string,
  hosts: readonly string[],
  name = POOL_NAME,
): Promise<void> {
  await client.create(machineInventoryPools, {
    metadata: { namespace, name, labels: { [foreign.clusterNameLabel]: CLUSTER_NAME } },
    spec: { clusterName: CLUSTER_NAME, machineInventories: hosts.map((name) => ({ name })) },
  });
}

/** All that a machine needs before its BaremetalMachine: the bootstrap Secret and the CAPI Machine that names it. */
export async function createCapiMachine(
  client: KubeClient,
  namespace: string,
  name: string,
  userData = bootstrapData,
): Promise<string> {
  const labels = { [foreign.clusterNameLabel]: CLUSTER_NAME };
  await client.create(secrets, {
    metadata: { namespace, name, labels },
    type: foreign.clusterSecretType,
    data: { value: toValue(userData), format: toValue('cloud-config') },
  });
  const machine = await client.create(capiMachines, capiMachineManifest(namespace, name));
  return machine.metadata.uid;
}

/** The CAPI Machine of a BaremetalMachine of the same name, whose bootstrap Secret has that name, too. */
export function capiMachineManifest(namespace: string, name: string) {
  return {
    metadata: { namespace, name, labels: { [foreign.clusterNameLabel]: CLUSTER_NAME } },
    spec: {
      clusterName: CLUSTER_NAME,
      version: VERSION,
      bootstrap: { dataSecretName: name },
      infrastructureRef: { apiGroup: API_GROUP, kind: 'BaremetalMachine', name },
    },
  };
}

/** The BaremetalMachine as Cluster API would make it, with its owner set: ready to go. */
export async function createMachine(
  client: KubeClient,
  namespace: string,
  name: string,
  ownerUid: string,
  pool = POOL_NAME,
) {
  return client.create(baremetalMachines, machineManifest(namespace, name, ownerUid, pool));
}

/** See `createMachine`. */
export function machineManifest(namespace: string, name: string, ownerUid: string, pool: string) {
  const owner = { apiVersion: 'cluster.x-k8s.io/v1beta2', kind: 'Machine', name, uid: ownerUid, controller: true };
  return {
    metadata: { namespace, name, labels: { [foreign.clusterNameLabel]: CLUSTER_NAME }, ownerReferences: [owner] },
    spec: { machineInventoryPoolRef: { name: pool }, allocationPolicy: 'Ordered' },
  };
}

/** Runs `work` for each item, at most `width` at a time. @throws the first error */
export async function inParallel<T>(
  items: Iterable<T>,
  width: number,
  work: (item: T) => Promise<void>,
): Promise<void> {
  const queue = items[Symbol.iterator]();
  const lane = async (): Promise<void> => {
    for (let next = queue.next(); next.done !== true; next = queue.next()) await work(next.value);
  };
  await Promise.all(Array.from({ length: width }, lane));
}
