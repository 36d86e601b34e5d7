import { WorkflowNotFoundError } from '@temporalio/client';
import { nodes } from '../../dev/host/node/kube-api.ts';
import { capiMachines } from '../../api/resources.ts';
import { parseAttemptId } from '../../domain/plan/attempt.ts';
import { isNotFound } from '../../runtime/kube/client.ts';
import { machineWorkflowId } from '../../domain/life/run-id.ts';
import { waitFor } from '../support/wait-for.ts';
import { isAllFree } from './at-rest.ts';
import { sweepSecrets } from './machine-deeds.ts';
import type { Scene } from './outcome.ts';
import { blankHost } from './record-deeds.ts';

/** What must hold once all machines of a sequence are gone; answers what does not, in words. `uids`: of its machines. */
export async function inspectAftermath(scene: Scene, uids: ReadonlyMap<string, string>): Promise<string[]> {
  const runs = await Promise.all([...uids].map(([uid, name]) => inspectRun(scene, name, uid)));
  const { ever } = scene.model.records;
  const sound = [...scene.lane.hosts.keys()].filter((name) => !ever.has(name));
  const hosts = sound.flatMap((name) => inspectHost(scene, name));
  await untilNoRunIsOpen(scene);
  return [...runs.flat(), ...hosts];
}

/** A machine that was gone before anybody knew of it has no run. */
async function inspectRun({ lane, model }: Scene, name: string, uid: string): Promise<string[]> {
  const handle = lane.temporal.workflow.getHandle(machineWorkflowId({ namespace: lane.namespace, name, uid }));
  try {
    const { status } = await waitFor(
      `the run of ${name} is closed`,
      async () => {
        const run = await handle.describe();
        return run.status.name !== 'RUNNING' && { status: run.status.name };
      },
      () => handle.describe().then(({ raw }) => raw.pendingActivities),
      { timeoutMs: 60_000 },
    );
    // Ended by hand when nothing was left to do.
    const byHand = status === 'TERMINATED' && model.endedByHand.has(name);
    return status === 'COMPLETED' || byHand ? [] : [`the run of ${name} is ${status}`];
  } catch (error) {
    if (error instanceof WorkflowNotFoundError) return [];
    throw error;
  }
}

/** The host ran the plan that stands in its Secret, and that plan is a clean one, or none of ours. */
function inspectHost({ lane }: Scene, name: string): string[] {
  const host = lane.hosts.get(name);
  const secret = lane.history.plans.get(name);
  if (host === undefined || secret === undefined) return [`${name} has lost its plan Secret`];
  const type = secret.planAttempt === undefined ? undefined : parseAttemptId(secret.planAttempt)?.planType;
  const ran = host.plansReceived.some(({ checksum }) => checksum === secret.planChecksum);
  return [
    ...(type === 'reprovision' ? [`${name} is free, and a reprovision plan stands in its Secret`] : []),
    ...(ran ? [] : [`${name} never ran ${secret.planAttempt}`]),
    ...(secret.appliedChecksum === secret.planChecksum ? [] : [`${name} is free and has not applied its plan`]),
    ...(secret.maxFailures === undefined ? [] : [`${name} is free and held to ${secret.maxFailures} failures`]),
    ...(host.node?.running === true ? [`${name} is free and still runs the node ${host.node.name}`] : []),
  ];
}

async function untilNoRunIsOpen({ lane }: Scene): Promise<void> {
  const query = `TaskQueue='${lane.namespace}' AND ExecutionStatus='Running'`;
  await waitFor('no run is open', async () => (await lane.temporal.workflow.count(query)).count === 0);
}

/** Hosts that a damaged record has left in a state in which no life leaves them. */
async function renewHosts(scene: Scene): Promise<void> {
  const spoilt = [...scene.model.records.ever].filter((name) => inspectHost(scene, name).length > 0);
  await Promise.all(spoilt.map((name) => blankHost(scene, name)));
  await waitFor(
    'every host is free',
    () => isAllFree(scene),
    () => [...scene.lane.history.pools.values()],
  );
}

/** Takes away what nobody collects here, so that the next sequence begins like the first. */
export async function sweep(scene: Scene): Promise<void> {
  const { client, history, namespace } = scene.lane;
  await waitFor(
    'all Machines are gone',
    async () => (await client.list(capiMachines, { namespace })).items.length === 0,
  );
  await sweepSecrets(scene);
  const { ever } = scene.model.records;
  const used = [...history.plans.values()].filter(
    ({ name, planAttempt }) => planAttempt !== undefined || ever.has(name),
  );
  await renewHosts(scene);
  await Promise.all(
    used.map(({ name }) =>
      client.delete(nodes, { namespace: '', name }).catch((error: unknown) => {
        if (!isNotFound(error)) throw error;
      }),
    ),
  );
}
