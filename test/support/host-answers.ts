import { WorkflowNotFoundError } from '@temporalio/client';
import type { PlanType } from '../../api/constants.ts';
import { secrets } from '../../api/resources.ts';
import { parseAttemptId } from '../../domain/plan/attempt.ts';
import { viewPlanSecret } from '../../domain/plan/secret.ts';
import { machineWorkflowId } from '../../domain/life/run-id.ts';
import type { MachineRef } from '../../domain/inputs/machine-snapshot.ts';
import { findMachine } from './machines.ts';
import { runOf } from './runs.ts';
import { type Site, summarise } from './site.ts';
import { waitFor } from './wait-for.ts';

type Machine = Awaited<ReturnType<Site['machines']>>[number];

/** What stands in the host's plan Secret. */
export async function readPlanSecret({ client, namespace }: Site, host: string) {
  return viewPlanSecret(await client.get(secrets, { namespace, name: host }));
}

/** Types of the plans that the host ran, oldest first, each once; undefined: the one from before our time. */
export function plansReceived(site: Site, host: string): (string | undefined)[] {
  return site.host(host).plansReceived.map(({ type }) => type);
}

/** The same as attempts: plan type and number. */
export function attemptsOf(site: Site, host: string): (string | undefined)[] {
  return site.host(host).plansReceived.map(({ attemptId }) => attemptId?.replace(/-[0-9a-f]{8}-.*$/, ''));
}

/** Waits until an unanswered plan of this type of ours stands in the Secret of each host. */
export async function untilPlanned(site: Site, type: PlanType, hosts: readonly string[]): Promise<void> {
  await waitFor(
    `${hosts.join(', ')} have a ${type} plan`,
    async () => {
      const views = await Promise.all(hosts.map((host) => readPlanSecret(site, host)));
      return views.every((view) => parseAttemptId(view.planAttempt ?? '')?.planType === type);
    },
    () => summarise(site),
  );
}

/** Lets silent hosts speak, and waits until the answers to their plans stand in their Secrets. */
export async function letAnswer(site: Site, hosts: readonly string[]): Promise<void> {
  for (const host of hosts) site.host(host).neverAnswer(false);
  await waitFor(`${hosts.join(', ')} have answered`, async () => {
    const views = await Promise.all(hosts.map((host) => readPlanSecret(site, host)));
    return views.every((view) => view.appliedChecksum === view.planChecksum);
  });
}

/**
 * Waits until each machine has a run that has acted on all it knows and waits, for a host's answer or for anything else.
 * Answers how long their histories are, by uid.
 */
export async function untilSettled(site: Site): Promise<Map<string, number>> {
  const settled = await waitFor(
    'all runs are settled',
    async () => {
      const machines = await site.machines();
      const lengths = await Promise.all(machines.map((machine) => settledLength(site, machine)));
      return (
        lengths.every((length) => length !== undefined) &&
        machines.map(({ metadata }, i) => [metadata.uid, lengths[i] ?? 0] as const)
      );
    },
    () => summarise(site),
  );
  return new Map(settled);
}

/** Waits until that one machine's run is settled, whatever the others do; answers how long its history is. */
export async function untilRunSettled(site: Site, name: string): Promise<number> {
  return waitFor(
    `the run of ${name} is settled`,
    async () => {
      const machine = await findMachine(site, name);
      return machine !== undefined && settledLength(site, machine);
    },
    async () => (await findMachine(site, name))?.status,
  );
}

async function settledLength(site: Site, { metadata, status }: Machine): Promise<number | undefined> {
  const joined = status?.conditions?.some(({ type, status: holds }) => type === 'NodeJoined' && holds === 'True');
  if (status?.phase === 'Running' && joined !== true) return undefined;
  try {
    const { historyLength, raw } = await site.temporal.workflow.getHandle(machineWorkflowId(metadata)).describe();
    const steps = (raw.pendingActivities ?? []).filter(({ activityId }) => activityId?.startsWith('await-') !== true);
    return steps.length > 0 || Boolean(raw.pendingWorkflowTask) ? undefined : historyLength;
  } catch (error) {
    if (error instanceof WorkflowNotFoundError) return undefined;
    throw error;
  }
}

interface PendingWait {
  activityId: string;
  scheduledAt: string;
}

/** The wait for a host that has been handed to a worker. */
export async function findOpenWait(site: Site, machine: MachineRef): Promise<PendingWait | undefined> {
  const { raw } = await runOf(site, machine).describe();
  const waits = (raw.pendingActivities ?? []).flatMap(({ activityId, scheduledTime, lastStartedTime }) =>
    activityId?.startsWith('await-') === true && lastStartedTime !== null && lastStartedTime !== undefined
      ? [{ activityId, scheduledAt: JSON.stringify(scheduledTime) }]
      : [],
  );
  return waits[0];
}
