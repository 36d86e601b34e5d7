import { z } from 'zod';
import { annotations, foreign, MACHINE_FINALIZER, providerIdOf, WORKER_NAME } from '../api/constants.ts';
import { baremetalMachines, capiMachines, machineInventories, type Resource } from '../api/resources.ts';
import { checksumOf } from '../domain/plan/document.ts';
import { encodeOutput } from '../domain/plan/host-output.ts';
import type { MachineSnapshot } from '../domain/inputs/machine-snapshot.ts';
import { fingerprintSnapshot } from '../domain/inputs/snapshot-fingerprint.ts';
import { planSecrets, readText, toValue } from '../dev/elemental/plan-secret.ts';
import type { KubeClient } from '../runtime/kube/client.ts';
import { createCapiMachine, createMachine, createPool, machineManifest, registerHosts } from './bench-objects.ts';
import { type BenchSite, CLUSTER_NAME } from './bench-site.ts';
import { waitUntil } from './wait-until.ts';

const MODEL = { machine: 'model-machine', host: 'model-host', pool: 'model-pool' } as const;
const TIMEOUT_MS = 60_000;

/** What a host says once it has booted the image of its plan: a run waits for that for twenty minutes. */
const booted = encodeOutput('ironloom: boot 2 after 1 mode active image registry.example.com/node:v1\n');

const recordSchema = z.record(z.string(), z.unknown());
const looseObject = z.looseObject({
  metadata: z.looseObject({ uid: z.string(), annotations: z.record(z.string(), z.string()).default({}) }),
  status: recordSchema.default({}),
});

/** What a life that came to rest in Running leaves in the API server, as text in which names can be replaced. */
export interface SettledModel {
  uid: string;
  machineStatus: string;
  hostAnnotations: string;
  hostStatus: string;
  secretAnnotations: string;
  plan: string;
}

/** Lives one life for real, with worker and bridge running and this process answering for the host. */
export async function recordSettledMachine({ client, namespace }: BenchSite): Promise<SettledModel> {
  await registerHosts(client, namespace, [MODEL.host]);
  await createPool(client, namespace, [MODEL.host], MODEL.pool);
  const ownerUid = await createCapiMachine(client, namespace, MODEL.machine);
  const created = await createMachine(client, namespace, MODEL.machine, ownerUid, MODEL.pool);
  const hostKey = { namespace, name: MODEL.host };
  const machineKey = { namespace, name: MODEL.machine };
  await waitUntil('the plan is written', async () => (await readPlan(client, hostKey)).includes(created.metadata.uid), {
    timeoutMs: TIMEOUT_MS,
  });
  const plan = await readPlan(client, hostKey);
  await client.patch(planSecrets, hostKey, {
    data: { 'applied-checksum': toValue(checksumOf(plan)), 'applied-output': booted },
  });
  await joinNode(client, namespace, MODEL.machine, MODEL.host);
  const settled = async (): Promise<boolean> => {
    const { status } = await client.get(baremetalMachines, machineKey);
    return status?.observedInputs === fingerprintSnapshot(settledSnapshot(MODEL.machine, MODEL.host, MODEL.pool));
  };
  await waitUntil('the machine is Running with its node', settled, { timeoutMs: TIMEOUT_MS });
  const machine = await client.get(loose(baremetalMachines), machineKey);
  const host = await client.get(loose(machineInventories), hostKey);
  const secret = await client.get(planSecrets, hostKey);
  return {
    uid: created.metadata.uid,
    machineStatus: JSON.stringify(machine.status),
    hostAnnotations: JSON.stringify(host.metadata.annotations),
    hostStatus: JSON.stringify(host.status),
    secretAnnotations: JSON.stringify(secret.metadata.annotations ?? {}),
    plan,
  };
}

/** Makes all objects of one more machine exactly as the model's life left its own. */
export async function createSettledMachine(
  { client, namespace }: BenchSite,
  model: SettledModel,
  { machine, host, pool }: { machine: string; host: string; pool: string },
): Promise<void> {
  const ownerUid = await createCapiMachine(client, namespace, machine);
  await joinNode(client, namespace, machine, host);
  const manifest = machineManifest(namespace, machine, ownerUid, pool);
  const { metadata } = await client.create(baremetalMachines, {
    metadata: { ...manifest.metadata, finalizers: [MACHINE_FINALIZER] },
    spec: { ...manifest.spec, providerID: providerIdOf(host) },
  });
  const rename = (text: string): string =>
    text
      .replaceAll(model.uid, metadata.uid)
      .replaceAll(MODEL.machine, machine)
      .replaceAll(MODEL.host, host)
      .replaceAll(MODEL.pool, pool)
      // The model got its providerID by a write of its own.
      .replaceAll('"observedGeneration":2', '"observedGeneration":1');
  const plan = rename(model.plan);
  const checksum = checksumOf(plan);
  const machineStatus = {
    ...parseRecord(rename(model.machineStatus)),
    observedInputs: fingerprintSnapshot(settledSnapshot(machine, host, pool)),
    lastAppliedPlanChecksum: checksum,
  };
  const hostKey = { namespace, name: host };
  const hostAnnotations = { ...parseRecord(rename(model.hostAnnotations)), [annotations.hostPlanChecksum]: checksum };
  await client.create(loose(machineInventories), { metadata: { ...hostKey, annotations: hostAnnotations }, spec: {} });
  await client.create(planSecrets, {
    metadata: {
      ...hostKey,
      labels: { 'elemental.cattle.io/managed': 'true' },
      annotations: parseRecord(rename(model.secretAnnotations)),
    },
    type: foreign.planSecretType,
    data: { plan: toValue(plan), 'applied-checksum': toValue(checksum), 'applied-output': booted },
  });
  await writeStatus(client, machineInventories, hostKey, parseRecord(rename(model.hostStatus)));
  await writeStatus(client, baremetalMachines, { namespace, name: machine }, machineStatus, WORKER_NAME);
}

function settledSnapshot(machine: string, host: string, pool: string): MachineSnapshot {
  return {
    deleting: false,
    gone: false,
    deletedForMove: false,
    paused: false,
    finalizerLost: false,
    hostMissing: false,
    pool,
    machine: { name: machine, nodeName: host },
    cluster: { name: CLUSTER_NAME, infrastructureReady: true },
    boot: 'active',
    provisioning: null,
  };
}

async function joinNode(client: KubeClient, namespace: string, machine: string, node: string): Promise<void> {
  await writeStatus(client, capiMachines, { namespace, name: machine }, { nodeRef: { name: node } });
}

async function writeStatus(
  client: KubeClient,
  resource: Resource<unknown>,
  key: { namespace: string; name: string },
  status: object,
  fieldManager?: string,
): Promise<void> {
  await client.patch({ ...resource, schema: z.unknown() }, key, { status }, { subresource: 'status', fieldManager });
}

async function readPlan(client: KubeClient, key: { namespace: string; name: string }): Promise<string> {
  return readText((await client.get(planSecrets, key)).data, 'plan');
}

/** The resource with all fields of its objects. */
function loose(resource: Resource<unknown>): Resource<z.infer<typeof looseObject>> {
  return { ...resource, schema: looseObject };
}

function parseRecord(text: string): Record<string, unknown> {
  return recordSchema.parse(JSON.parse(text));
}
