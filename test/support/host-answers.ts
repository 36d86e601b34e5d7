import type { PlanType } from '../../api/constants.ts';
import { secrets } from '../../api/resources.ts';
import { parseAttemptId } from '../../domain/plan-attempt.ts';
import { viewPlanSecret } from '../../domain/plan-secret.ts';
import { machineWorkflowId } from '../../workflows/ids.ts';
import { type Site, summarise } from './site.ts';
import { waitFor } from './wait-for.ts';

/** What stands in the host's plan Secret. */
export async function readPlanSecret({ client, namespace }: Site, host: string) {
  return viewPlanSecret(await client.get(secrets, { namespace, name: host }));
}

/** Types of the plans that the host ran, oldest first, each once; undefined: the one from before our time. */
export function plansReceived(site: Site, host: string): (string | undefined)[] {
  return site.host(host).plansReceived.map(({ type }) => type);
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

/** Waits until the runs of all machines have acted on all they know, and answers how long their histories are, by uid. */
export async function untilSettled(site: Site): Promise<Map<string, number>> {
  const lengths = async (): Promise<[string, number | undefined][]> =>
    Promise.all(
      (await site.machines()).map(async ({ metadata, status }) => {
        const joined = status?.conditions?.some(({ type, status: holds }) => type === 'NodeJoined' && holds === 'True');
        const { historyLength, raw } = await site.temporal.workflow.getHandle(machineWorkflowId(metadata)).describe();
        const busy = (raw.pendingActivities ?? []).length > 0 || Boolean(raw.pendingWorkflowTask);
        return [metadata.uid, joined === true && !busy ? historyLength : undefined];
      }),
    );
  const settled = await waitFor(
    'all runs are settled',
    async () => {
      const all = await lengths();
      return all.every(([, length]) => length !== undefined) && all;
    },
    () => summarise(site),
  );
  return new Map(settled.map(([uid, length]) => [uid, length ?? 0]));
}
