import { Client, Connection, type WorkflowHandle } from '@temporalio/client';
import { z } from 'zod';
import { baremetalMachines, type Resource } from '../api/resources.ts';
import type { BaremetalMachine } from '../api/machine.ts';
import { type AuditEvent, readAuditEvents } from '../dev/stack/audit.ts';
import { resourceOf } from '../dev/stack/manifests.ts';
import { type Lab, startLab } from '../dev/lab/lab.ts';
import { startManagementCluster } from '../dev/stack/management-cluster.ts';
import { readChangedSamples } from '../dev/lab/samples.ts';
import { startService } from '../dev/lab/services.ts';
import { machineWorkflowId } from '../domain/life/run-id.ts';
import { hostNames } from './bench-objects.ts';
import type { Benchmark, Measurement } from './measurement.ts';
import { waitUntil } from './wait-until.ts';

const MACHINES = 3;
const TIMEOUT_MS = 180_000;
const NAMESPACE = 'lives';
const USERS = ['ironloom-worker', 'ironloom-bridge'];

/** Whole lives with Cluster API and simulated hosts around them: what they cost Temporal and the API server. */
export const lives: Benchmark = {
  name: 'lives',
  about: `${MACHINES} machines of a MachineDeployment come up and go: activities, events and API writes of each`,
  async run({ progress }) {
    await using cluster = await startManagementCluster();
    const hosts = hostNames(MACHINES);
    const place = { cluster, namespace: NAMESPACE, clusterName: 'demo' };
    const lab = await startLab({ ...place, hosts, hostTimes: { restartDelayMs: 200 } });
    const env = { IRONLOOM_LEASE_NAMESPACE: NAMESPACE };
    const services = await Promise.all([
      startService(cluster, { kind: 'worker', name: 'worker', env }),
      startService(cluster, { kind: 'bridge', name: 'bridge', env }),
    ]);
    const connection = await Connection.connect({ address: cluster.temporal.address });
    try {
      const names = hosts.map((name) => ({ name }));
      await lab.apply(await readChangedSamples({ namespace: NAMESPACE, replicas: MACHINES, hosts: names }));
      const machines = await waitForRunning(lab);
      const writes = await countWrites(cluster.auditLogPath, machines);
      progress('all are Running; now they go');
      await scaleToZero(lab);
      const client = new Client({ connection, namespace: cluster.temporal.namespace });
      return [...writes, ...(await inspectHistories(client, machines))];
    } finally {
      await Promise.all(services.map((service) => service.stop()));
      await connection.close();
      await lab.stop();
    }
  },
};

async function listMachines({ client }: Lab): Promise<BaremetalMachine[]> {
  const { items } = await client.list(baremetalMachines, { namespace: NAMESPACE });
  return items.map((item) => baremetalMachines.schema.parse(item));
}

/** Until the Nodes have registered, too. */
async function waitForRunning(lab: Lab): Promise<BaremetalMachine[]> {
  const joined = ({ status }: BaremetalMachine): boolean =>
    status?.conditions?.some(({ type, status: value }) => type === 'NodeJoined' && value === 'True') === true;
  const allJoined = async (): Promise<boolean> => {
    const machines = await listMachines(lab);
    return machines.length === MACHINES && machines.every(joined);
  };
  await waitUntil(`${MACHINES} machines are Running`, allJoined, { timeoutMs: TIMEOUT_MS });
  return listMachines(lab);
}

async function scaleToZero(lab: Lab): Promise<void> {
  const deployment: Resource<unknown> = resourceOf({
    apiVersion: 'cluster.x-k8s.io/v1beta2',
    kind: 'MachineDeployment',
  });
  await lab.client.patch(deployment, { namespace: NAMESPACE, name: 'workers' }, { spec: { replicas: 0 } });
  await waitUntil('all machines are gone', async () => (await listMachines(lab)).length === 0, {
    timeoutMs: TIMEOUT_MS,
  });
}

/** Writes of ours to each machine's own objects (machine, inventory, plan and bootstrap Secret) so far, refused ones not counted. */
async function countWrites(auditLogPath: string, machines: readonly BaremetalMachine[]): Promise<Measurement[]> {
  const isDone = ({ responseStatus }: AuditEvent): boolean => (responseStatus?.code ?? 0) < 300;
  const ours = await readAuditEvents(auditLogPath, (event) => USERS.includes(event.user.username) && isDone(event));
  const isEvent = ({ objectRef }: AuditEvent): boolean => objectRef?.resource === 'events';
  const writes = machines.map(({ metadata, status }) => {
    const names = [metadata.name, status?.machineInventoryRef?.name];
    // What was written to the host before, when it was registered, is not the machine's doing.
    const sinceMs = Date.parse(metadata.creationTimestamp);
    return ours
      .filter((event) => !isEvent(event) && names.includes(event.objectRef?.name))
      .filter((event) => Date.parse(event.requestReceivedTimestamp) >= sinceMs)
      .map(({ verb, objectRef }) => `${verb} ${objectRef?.resource}${objectRef?.subresource ? '/status' : ''}`);
  });
  const longest = writes.toSorted((a, b) => b.length - a.length)[0] ?? [];
  const news = machines.map(({ metadata }) => {
    // An Event bears the name of its object, and a digest.
    const isAbout = ({ objectRef }: AuditEvent): boolean => objectRef?.name.startsWith(`${metadata.name}.`) === true;
    return ours.filter((event) => isEvent(event) && isAbout(event)).length;
  });
  return [
    {
      what: 'API writes a machine, creation to Running',
      budget: '≤ 9',
      measured: `at most ${longest.length}: ${longest.join(', ')}`,
      ok: longest.length <= 9,
    },
    {
      what: 'Events about a machine, creation to Running',
      budget: '≤ 4',
      measured: `at most ${Math.max(...news)}`,
      ok: Math.max(...news) <= 4,
    },
  ];
}

type HistoryEvent = NonNullable<Awaited<ReturnType<WorkflowHandle['fetchHistory']>>['events']>[number];
const localStepSchema = z.object({ activity_type: z.string() });

/** The activity that an event asks for, or that was done within a task, of which it is the mark. */
function readStep(event: HistoryEvent): string[] {
  const asked = event.activityTaskScheduledEventAttributes?.activityType?.name;
  if (typeof asked === 'string') return [asked];
  const { markerName, details } = event.markerRecordedEventAttributes ?? {};
  if (markerName !== 'core_local_activity') return [];
  const payloads = details?.['data']?.payloads ?? [];
  return payloads.map(
    ({ data }) => localStepSchema.parse(JSON.parse(Buffer.from(data ?? []).toString())).activity_type,
  );
}

async function inspectHistories(client: Client, machines: readonly BaremetalMachine[]): Promise<Measurement[]> {
  const lengths: number[] = [];
  const activities: string[][] = [];
  for (const { metadata } of machines) {
    const handle = client.workflow.getHandle(machineWorkflowId(metadata));
    await handle.result();
    const events = (await handle.fetchHistory()).events ?? [];
    lengths.push(events.length);
    const steps = events.flatMap(readStep);
    activities.push(steps.slice(0, steps.indexOf('completeProvisioning') + 1));
  }
  const longest = activities.toSorted((a, b) => b.length - a.length)[0] ?? [];
  return [
    {
      what: 'activities on the way to Running',
      budget: '≤ 5',
      measured: `${longest.length}: ${longest.join(', ')}`,
      ok: longest.length <= 5,
    },
    {
      what: 'events of a whole life',
      budget: '≤ 60',
      measured: `at most ${Math.max(...lengths)}`,
      ok: Math.max(...lengths) <= 60,
    },
  ];
}
