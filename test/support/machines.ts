import type { z } from 'zod';
import { foreign } from '../../api/constants.ts';
import type { Condition } from '../../api/meta.ts';
import type { PoolMember } from '../../api/pool.ts';
import { baremetalMachines, capiMachines, machineInventoryPools, secrets } from '../../api/resources.ts';
import type { Lab } from '../../dev/lab/lab.ts';
import { renderJoinConfig } from './bootstrap-data.ts';
import { waitFor } from './wait-for.ts';

type BaremetalMachine = z.infer<typeof baremetalMachines.schema>;

/** A Machine of its own, without MachineDeployment and bootstrap provider. */
export interface MachineRequest {
  name: string;
  pool: string;
  /** Default: `demo`. */
  cluster?: string;
  /** Default: a version of the sample catalog. */
  version?: string;
  /** Content of the bootstrap Secret; default a join configuration. null: the Secret is not made. */
  userData?: string | Uint8Array | null;
  /** `format` of the bootstrap Secret. */
  format?: string;
  /** Where its host has to stand. Default: anywhere. */
  failureDomain?: string;
  /** Annotations of the BaremetalMachine. */
  annotations?: Record<string, string>;
}

type Place = Pick<Lab, 'client' | 'namespace'>;

/** Creates bootstrap Secret, BaremetalMachine and Machine; Cluster API then adopts the BaremetalMachine. */
export async function createMachine(place: Place, request: MachineRequest): Promise<void> {
  const { client, namespace } = place;
  const { name, pool, cluster = 'demo', version = 'v1.34.2', failureDomain, annotations = {} } = request;
  const metadata = { namespace, name, labels: { [foreign.clusterNameLabel]: cluster } };
  if (request.userData !== null) await createBootstrapSecret(place, request);
  await client.create(baremetalMachines, {
    metadata: { ...metadata, annotations },
    spec: { machineInventoryPoolRef: { name: pool } },
  });
  await client.create(capiMachines, {
    metadata,
    spec: {
      clusterName: cluster,
      version,
      ...(failureDomain !== undefined && { failureDomain }),
      bootstrap: { dataSecretName: bootstrapSecretOf(name) },
      infrastructureRef: { apiGroup: baremetalMachines.group, kind: baremetalMachines.kind, name },
    },
  });
}

/** Name of a machine's bootstrap Secret; a host's plan Secret may have the machine's name. */
export function bootstrapSecretOf(machine: string): string {
  return `${machine}-bootstrap`;
}

/** Makes the Secret that `createMachine` has named. */
export async function createBootstrapSecret(
  { client, namespace }: Place,
  { name, cluster = 'demo', userData, format }: Omit<MachineRequest, 'pool'>,
): Promise<void> {
  const value = userData ?? renderJoinConfig();
  const encode = (content: string | Uint8Array): string => Buffer.from(content).toString('base64');
  await client.create(secrets, {
    metadata: { namespace, name: bootstrapSecretOf(name), labels: { [foreign.clusterNameLabel]: cluster } },
    type: foreign.clusterSecretType,
    data: { value: encode(value), ...(format !== undefined && { format: encode(format) }) },
  });
}

export async function createPool(
  { client, namespace }: Place,
  name: string,
  hosts: readonly (string | PoolMember)[],
  clusterName = 'demo',
  rules: { maxConcurrentReprovisions?: number; acceptance?: { checks: readonly object[] } } = {},
): Promise<void> {
  const machineInventories = hosts.map((host) => (typeof host === 'string' ? { name: host } : host));
  await client.create(machineInventoryPools, {
    metadata: { namespace, name },
    spec: { clusterName, machineInventories, ...rules },
  });
}

/** Creates a machine, and a pool for it alone: of the host of its name, or of these. Machine and pool bear the name. */
export async function beginOn(
  place: Place,
  name: string,
  {
    members = [name],
    ...request
  }: Omit<Partial<MachineRequest>, 'name' | 'pool'> & { members?: readonly string[] } = {},
): Promise<void> {
  await createPool(place, name, members);
  await createMachine(place, { name, pool: name, ...request });
}

/** As people do it: the Machine goes, and Cluster API deletes what belongs to it. */
export async function deleteMachine({ client, namespace }: Place, name: string): Promise<void> {
  await client.delete(capiMachines, { namespace, name });
}

export function findMachine({ client, namespace }: Place, name: string): Promise<BaremetalMachine | undefined> {
  return client.find(baremetalMachines, { namespace, name });
}

/** The machine's status without the number that each write of it gets. */
export async function readShownStatus(place: Place, name: string) {
  const { writtenBy: _, ...shown } = (await findMachine(place, name))?.status ?? {};
  return shown;
}

/** The condition of this type, or undefined. */
export function conditionOf(machine: BaremetalMachine | undefined, type: string): Condition | undefined {
  return machine?.status?.conditions?.find((condition) => condition.type === type);
}

/** Waits until a condition of the machine is False for this reason; answers the machine. */
export async function untilReason(place: Place, name: string, type: string, reason: string) {
  return waitForMachine(place, name, `${type}=False/${reason}`, (machine) => {
    const condition = conditionOf(machine, type);
    return condition?.status === 'False' && condition.reason === reason;
  });
}

/** Waits until the machine is provisioned; answers it. */
export async function untilProvisioned(place: Place, name: string) {
  return waitForMachine(place, name, 'Running', ({ status }) => status?.phase === 'Running' && status.ready === true);
}

/** Waits until the machine is Running and its Node is there; answers it. */
export async function untilJoined(place: Place, name: string) {
  return waitForMachine(
    place,
    name,
    'joined',
    (machine) => machine.status?.phase === 'Running' && conditionOf(machine, 'NodeJoined')?.status === 'True',
  );
}

/** Waits until the object is gone. */
export async function untilGone(place: Place, name: string): Promise<void> {
  await waitFor(
    `${name} is gone`,
    async () => (await findMachine(place, name)) === undefined,
    async () => (await findMachine(place, name))?.status,
    { timeoutMs: 90_000 },
  );
}

export async function waitForMachine(
  place: Place,
  name: string,
  what: string,
  isSo: (machine: BaremetalMachine) => boolean,
): Promise<BaremetalMachine> {
  return waitFor(
    `${name} is ${what}`,
    async () => {
      const machine = await findMachine(place, name);
      return machine !== undefined && isSo(machine) && machine;
    },
    async () => (await findMachine(place, name))?.status,
    { timeoutMs: 90_000 },
  );
}
