import { providerIdOf } from '../../api/constants.ts';
import { baremetalMachines } from '../../api/resources.ts';
import { findHostUser, type HostUser, type OwnerRun } from '../../domain/hosts/host-user.ts';
import type { HostStanding } from '../../domain/hosts/host-verbs.ts';
import { readRecordedPlan } from '../../domain/hosts/recorded-plan.ts';
import type { HostView } from '../../domain/inputs/host-view.ts';
import { type MachineView, viewMachine } from '../../domain/inputs/machine-view.ts';
import type { PoolView } from '../../domain/inputs/pool-view.ts';
import type { PlanSecretView } from '../../domain/plan/secret.ts';
import type { KubeClient } from '../../runtime/kube/client.ts';
import type { ReadStore } from '../reconcile/ports.ts';
import type { MachineRuns } from '../runs/machine-runs.ts';

export interface HostStandingDeps {
  planSecrets: Pick<ReadStore<PlanSecretView>, 'get'>;
  pools: Pick<ReadStore<PoolView>, 'get'>;
  client: Pick<KubeClient, 'find' | 'list'>;
  runs: Pick<MachineRuns, 'hasOpenRun'>;
}

/**
 * What a verb on a host is judged by. Whose the host is, is read from the API server: the caches hold the machines of
 * this installation only, and may lag.
 * @throws when Kubernetes or Temporal cannot be asked, or a machine cannot be read
 */
export async function readHostStanding(host: HostView, deps: HostStandingDeps): Promise<HostStanding> {
  const { namespace, planSecretName: name } = host;
  const secret = name === undefined ? undefined : deps.planSecrets.get({ namespace, name });
  const pool = host.pool === undefined ? undefined : deps.pools.get({ namespace, name: host.pool });
  const asksForChecks = pool?.acceptance !== undefined;
  return { host, user: await readUser(host, deps), plan: readRecordedPlan(host, secret), asksForChecks };
}

async function readUser(host: HostView, deps: HostStandingDeps): Promise<HostUser> {
  const owner = await findOwner(host, deps);
  if (owner !== undefined) return findHostUser(host, { owner, namedBy: undefined, ownerRun: 'unknown' });
  const namedBy = await findNaming(host, deps);
  return findHostUser(host, { owner, namedBy, ownerRun: await findOwnerRun(host, deps) });
}

async function findOwner(
  { namespace, owner }: HostView,
  { client }: HostStandingDeps,
): Promise<MachineView | undefined> {
  if (owner === undefined || owner.baremetalMachine === '') return undefined;
  const found = await client.find(baremetalMachines, { namespace, name: owner.baremetalMachine });
  return found?.metadata.uid === owner.uid ? viewMachine(found) : undefined;
}

/** The machine whose providerID names the host, as the API server says now. */
export async function findNaming(
  { namespace, name }: Pick<HostView, 'namespace' | 'name'>,
  { client }: { client: Pick<KubeClient, 'list'> },
): Promise<MachineView | undefined> {
  const fieldSelector = `spec.providerID=${providerIdOf(name)}`;
  const { items } = await client.list(baremetalMachines, { namespace, fieldSelector });
  return items.map((item) => viewMachine(baremetalMachines.schema.parse(item))).at(0);
}

/** A paused run may go on: it counts as open. */
async function findOwnerRun({ namespace, owner }: HostView, { runs }: HostStandingDeps): Promise<OwnerRun> {
  if (owner === undefined || owner.uid === '') return 'none';
  const open = await runs.hasOpenRun({ namespace, name: owner.baremetalMachine, uid: owner.uid });
  return open ? 'open' : 'none';
}
