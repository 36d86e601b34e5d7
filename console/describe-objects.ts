import type { ObjectKey } from '../api/meta.ts';
import { baremetalMachines, secrets } from '../api/resources.ts';
import type { SecretSight } from '../domain/hosts/recorded-plan.ts';
import type { HostView } from '../domain/inputs/host-view.ts';
import { machineWorkflowId } from '../domain/life/run-id.ts';
import { viewPlanSecret } from '../domain/plan/secret.ts';
import { explainHost } from '../domain/report/explain/explain-host.ts';
import { explainMachine } from '../domain/report/explain/explain-machine.ts';
import { explainPool } from '../domain/report/fleet/explain-pool.ts';
import type { HostPage, MachinePart, PoolPage } from '../domain/report/fleet/fleet-pages.ts';
import { tellPresentLife } from '../domain/report/explain/present-life.ts';
import { tellExplanation } from '../domain/report/explain/told.ts';
import type { KubeClient } from '../runtime/kube/client.ts';
import type { Logger } from '../runtime/logger.ts';
import type { ConsoleCaches } from './caches.ts';
import type { FleetSight } from './fleet-sight.ts';
import type { RunSight } from './run-sight.ts';

export interface DescriberOptions {
  client: KubeClient;
  caches: ConsoleCaches;
  sight: FleetSight;
  runs: RunSight;
  /** Where the Temporal UI shows the runs of our namespace; undefined: nobody has said. */
  runsUrl: string | undefined;
  logger: Logger;
}

/** Tells all about one object, with what `ironloom explain` says of it. undefined: there is no such object. */
export interface Describer {
  /** @param mayReadSecrets whoever asks may read plan Secrets there; without it, what the host answered is not told */
  host(key: ObjectKey, mayReadSecrets: boolean): Promise<HostPage | undefined>;
  pool(key: ObjectKey): PoolPage | undefined;
}

export function createDescriber(options: DescriberOptions): Describer {
  const { client, caches, sight, logger } = options;

  async function lookIntoSecret(host: HostView): Promise<SecretSight> {
    if (host.planSecretName === undefined) return undefined;
    try {
      const secret = await client.find(secrets, { namespace: host.namespace, name: host.planSecretName });
      return secret && viewPlanSecret(secret);
    } catch (error) {
      logger.debug({ err: error, host: host.name }, 'The plan Secret is not seen');
      return 'unread';
    }
  }

  return {
    async host(key, mayReadSecrets) {
      const first = sight.fleet.factsOf(key);
      if (first.inventory.kind === 'missing' && first.pool === undefined) return undefined;
      const host = first.inventory.kind === 'found' ? first.inventory.host : undefined;
      const user = first.owner ?? first.namedBy;
      const [secret, machine] = await Promise.all([
        host !== undefined && mayReadSecrets ? lookIntoSecret(host) : ('unread' as const),
        user && describeMachine(user, options),
        user === undefined && host?.owner !== undefined && host.owner.uid !== ''
          ? options.runs.look({ ...key, name: host.owner.baremetalMachine, uid: host.owner.uid })
          : undefined,
      ]);
      const facts = sight.fleet.factsOf(key);
      // That it is gone is known from looking; that nobody may look is not.
      const told = secret === 'unread' ? facts : { ...facts, secret };
      return {
        ...key,
        told: tellExplanation(explainHost(told), key),
        pool: facts.pool ?? '',
        failureDomain: host?.failureDomain ?? '',
        owner: host?.owner === undefined ? '' : host.owner.baremetalMachine,
        plan: host?.plan?.attemptId ?? '',
        failedReprovision: host?.failedReprovision ?? '',
        secretSeen: mayReadSecrets,
        machine,
      };
    },
    pool(key) {
      const pool = caches.pools.store.get(key);
      if (pool === undefined) return undefined;
      return { ...key, told: tellExplanation(explainPool(pool, sight.fleet, sight.index.machinesOf(key)), key) };
    },
  };
}

async function describeMachine(
  { namespace, name, uid }: { namespace: string; name: string; uid: string },
  { client, runs, runsUrl }: DescriberOptions,
): Promise<MachinePart | undefined> {
  const key = { namespace, name };
  const [machine, run] = await Promise.all([client.find(baremetalMachines, key), runs.look({ ...key, uid })]);
  if (machine === undefined || machine.metadata.uid !== uid) return undefined;
  const explained = explainMachine(machine, run);
  return {
    name,
    reason: explained.reason,
    since: explained.since,
    told: tellExplanation(explained, key),
    run,
    runUrl: runsUrl === undefined ? '' : `${runsUrl}/${encodeURIComponent(machineWorkflowId({ ...key, uid }))}`,
    life: tellPresentLife(machine),
    conditions: (machine.status?.conditions ?? []).map(({ type, status, reason, message, lastTransitionTime }) => ({
      type,
      status,
      reason,
      message,
      since: lastTransitionTime,
    })),
  };
}
