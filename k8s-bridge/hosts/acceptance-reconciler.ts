import type { Secret } from '../../api/core.ts';
import type { ObjectKey } from '../../api/meta.ts';
import { capiClusters, machineInventories, secrets } from '../../api/resources.ts';
import { assertNever } from '../../domain/assert-never.ts';
import { type AcceptanceSight, type AcceptanceStep, nextAcceptanceStep } from '../../domain/hosts/acceptance-step.ts';
import { type CapiClusterView, viewCapiCluster } from '../../domain/inputs/capi-view.ts';
import { type HostView, viewHost } from '../../domain/inputs/host-view.ts';
import type { MachineView } from '../../domain/inputs/machine-view.ts';
import type { PoolView } from '../../domain/inputs/pool-view.ts';
import { type PlanSecretView, viewPlanSecret } from '../../domain/plan/secret.ts';
import { secondsOf } from '../../domain/plan/validate.ts';
import { keyText } from '../../domain/pool/indexes.ts';
import { isConflict, isNotFound, type KubeClient } from '../../runtime/kube/client.ts';
import { parseKey } from '../../runtime/kube/object-key.ts';
import { CONFLICT_REQUEUE_MS, type ReadStore, type ReconcileResult, type WritableStore } from '../reconcile/ports.ts';
import { noteRefusedOperation } from '../reconcile/refused-operation.ts';
import type { RetryPauses } from '../reconcile/retry-pauses.ts';
import { type AcceptanceWrites, begin, type Live, refuse, settle, write } from './acceptance-writes.ts';
import { findNaming } from './host-standing.ts';

export interface AcceptanceDeps extends AcceptanceWrites {
  client: Pick<KubeClient, 'find' | 'list' | 'patch' | 'create'>;
  hosts: Pick<WritableStore<HostView>, 'get' | 'upsert'>;
  pools: Pick<ReadStore<PoolView>, 'get'>;
  planSecrets: Pick<ReadStore<PlanSecretView>, 'get'>;
  capiClusters: Pick<ReadStore<CapiClusterView>, 'get' | 'problemOf'>;
  /** Indexed by `machineIndexes`. */
  machines: Pick<ReadStore<MachineView>, 'byIndex'>;
  /** How long a host may say nothing, beside the limits of its checks. */
  deadlineMs: number;
  pauses: RetryPauses;
}

/**
 * Takes a host through the checks of its pool: marks it, by which a claim that is under way fails, writes the plan, takes the
 * answer from the Secret itself, and frees the host or keeps it out. Each look does the one step that is next by what
 * stands there, so a bridge that died anywhere in between goes on with the same attempt. Caches say when to look; what is
 * acted on is read from the API server.
 */
export async function reconcileAcceptance(key: string, deps: AcceptanceDeps): Promise<ReconcileResult> {
  const host = deps.hosts.get(parseKey(key));
  if (host === undefined) return done(key, deps);
  const step = nextAcceptanceStep(cachedSight(host, deps));
  if (step.kind === 'none') return done(key, deps);
  if (step.kind === 'wait') return { requeueAfterMs: step.ms };
  try {
    return (await lookAndAct(host, deps)) ?? done(key, deps);
  } catch (error) {
    if (isConflict(error)) return { requeueAfterMs: CONFLICT_REQUEUE_MS };
    if (isNotFound(error)) return {};
    return noteRefusedOperation(machineInventories, host, error, deps, 'The checks of its pool wait');
  }
}

function done(key: string, { pauses }: AcceptanceDeps): ReconcileResult {
  pauses.forget(key);
  return {};
}

function cachedSight(host: HostView, deps: AcceptanceDeps): AcceptanceSight {
  const { namespace, planSecretName: name } = host;
  const secret = name === undefined ? undefined : deps.planSecrets.get({ namespace, name });
  const [naming] = deps.machines.byIndex('providerHost', keyText(host));
  const cluster = clusterKeyOf(host, deps);
  const { capiClusters: known } = deps;
  const paused =
    cluster !== undefined && (known.get(cluster)?.paused === true || known.problemOf(cluster) !== undefined);
  return sightOf(host, { secret, named: naming !== undefined, paused }, deps);
}

function poolOf({ namespace, pool: name }: HostView, { pools }: Pick<AcceptanceDeps, 'pools'>): PoolView | undefined {
  return name === undefined ? undefined : pools.get({ namespace, name });
}

/** The Cluster of the host's pool. */
function clusterKeyOf(host: HostView, deps: Pick<AcceptanceDeps, 'pools'>): ObjectKey | undefined {
  const pool = poolOf(host, deps);
  return pool && { namespace: pool.namespace, name: pool.clusterName };
}

function sightOf(
  host: HostView,
  seen: Pick<AcceptanceSight, 'secret' | 'named' | 'paused'>,
  deps: AcceptanceDeps,
): AcceptanceSight {
  const pool = poolOf(host, deps);
  const deadlineMs = deps.deadlineMs + secondsOf(pool?.acceptance?.checks ?? []) * 1000;
  return { host, pool, ...seen, deadlineMs, nowMs: deps.now().getTime() };
}

async function lookAndAct(cached: HostView, deps: AcceptanceDeps): Promise<ReconcileResult | undefined> {
  const { client, hosts, hostLabels } = deps;
  const clusterKey = clusterKeyOf(cached, deps);
  const [found, inventory, naming, cluster] = await Promise.all([
    findSecret(cached, client),
    client.find(machineInventories, { namespace: cached.namespace, name: cached.name }),
    findNaming(cached, { client }),
    clusterKey === undefined ? undefined : client.find(capiClusters, clusterKey),
  ]);
  if (found === undefined || inventory === undefined) return undefined;
  const host = viewHost(inventory, hostLabels);
  hosts.upsert(host);
  // It names another Secret by now, and so has changed: its event brings us back.
  if (host.planSecretName !== cached.planSecretName) return { requeueAfterMs: CONFLICT_REQUEUE_MS };
  const secret = viewPlanSecret(found);
  const paused = cluster !== undefined && viewCapiCluster(cluster).paused;
  const step = nextAcceptanceStep(sightOf(host, { secret, named: naming !== undefined, paused }, deps));
  return act(step, { host, secret, found }, deps);
}

async function act(step: AcceptanceStep, live: Live, deps: AcceptanceDeps): Promise<ReconcileResult | undefined> {
  switch (step.kind) {
    case 'none':
      return undefined;
    case 'wait':
      return { requeueAfterMs: step.ms };
    case 'begin':
      return begin(live, step.wanted, deps);
    case 'write':
      return write(live, step.wanted, deps);
    case 'settle':
      return settle(live, step.passed, deps);
    case 'giveUp':
      return refuse(live.host, { timedOut: true, checks: [] }, deps);
    default:
      return assertNever(step);
  }
}

async function findSecret(
  { namespace, planSecretName: name }: HostView,
  client: AcceptanceDeps['client'],
): Promise<Secret | undefined> {
  return name === undefined ? undefined : client.find(secrets, { namespace, name });
}
