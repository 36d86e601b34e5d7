import type { ObjectKey } from '../api/meta.ts';
import { secrets } from '../api/resources.ts';
import type { MachineRef } from '../domain/inputs/machine-snapshot.ts';
import type { MachineView } from '../domain/inputs/machine-view.ts';
import type { PoolView } from '../domain/inputs/pool-view.ts';
import { keyText } from '../domain/pool/indexes.ts';
import { parseKey } from '../runtime/kube/object-key.ts';
import { startHostJournal } from './host-journal-controller.ts';
import { AnswerMemory } from './hosts/answer-memory.ts';
import { reconcileCluster } from './clusters/reconciler.ts';
import { connectCrdTriggers, reconcileCrd } from './crd-marks.ts';
import { type ControllerDeps, createQueue, monotonicNowMs, storesOf } from './controller-deps.ts';
import {
  connectAcceptanceTriggers,
  connectClusterTriggers,
  connectDomainTriggers,
  connectHostPlanTriggers,
  connectTemplateTriggers,
} from './controller-triggers.ts';
import { reconcileAcceptance } from './hosts/acceptance-reconciler.ts';
import { reconcileHostOperation } from './hosts/operation-reconciler.ts';
import { reconcileHostPlan } from './hosts/plan-reconciler.ts';
import { createMachineController, type MachineController } from './machine-controller.ts';
import { reconcileMachineOperation } from './machines/operation-reconciler.ts';
import { sweepUnattended } from './machines/unattended.ts';
import { compareRunsUntil, prepareTemporal } from './run-comparison.ts';
import { createPoolMemory } from './pools/memory.ts';
import { createTellMembers } from './pools/news.ts';
import { reconcilePool } from './pools/reconciler.ts';
import { connectPoolTriggers } from './pools/triggers.ts';
import { addSpaced } from './queue/spaced-adds.ts';
import { RetryPauses } from './reconcile/retry-pauses.ts';
import { reconcileRemediation } from './remediations/reconciler.ts';
import { connectRemediationTriggers } from './remediation-triggers.ts';
import { startSlots } from './slot-controller.ts';
import { reconcileTemplate } from './templates/reconciler.ts';
import { waitMs } from './queue/wait-ms.ts';
import type { Workqueue } from './queue/workqueue.ts';

const UNATTENDED_SWEEP_MS = 10_000;
/** A look at a pool of 10,000 hosts costs some 25 ms, and hosts change in bursts. */
const POOL_SPACING_MS = 100;
/** Hosts are registered and labelled in bursts, too. */
const CLUSTER_SPACING_MS = 500;
const CRD_SPACING_MS = 1_000;

/**
 * The bridge's work: reconciles all that the caches hold and whatever changes, until the signal aborts; then resolves
 * when what was running has ended.
 */
export async function runControllers(deps: ControllerDeps, signal: AbortSignal): Promise<void> {
  const machines = createMachineController(deps);
  const pools = startPools(deps, (view) => machines.wake(view));
  const slots = startSlots(deps, machines, pools);
  const queues = [
    machines.queue,
    startHostPlans(deps),
    pools,
    slots.queue,
    startClusters(deps),
    startTemplates(deps),
    startMachineOperations(deps),
    startHostOperations(deps),
    startRemediations(deps),
    startAcceptance(deps),
    startHostJournal(deps),
    startCrds(deps),
  ];
  await prepareTemporal(deps);
  await slots.lookFirst();
  machines.connect();
  await Promise.all([
    machines.adopt(signal),
    compareRunsUntil(signal, machines, deps),
    watchUnattended(signal, machines, deps),
  ]);
  await Promise.all(queues.map((queue) => queue.stop()));
}

function startHostPlans(deps: ControllerDeps): Workqueue {
  const { kube, runs, caches, reader, unattended, logger } = deps;
  const { hosts, planSecrets } = storesOf(caches);
  const findSecret = (key: ObjectKey) => kube.find(secrets, key);
  const answers = new AnswerMemory(monotonicNowMs);
  const noteAnswer = (machine: MachineRef): void => unattended.noteAnswer(machine);
  const hostDeps = { hosts, planSecrets, runs, findSecret, reader, answers, noteAnswer, logger };
  const queue = createQueue('host-plans', 16, deps, (key) => reconcileHostPlan(key, hostDeps));
  connectHostPlanTriggers(caches, (key) => queue.add(key));
  return queue;
}

function startPools(deps: ControllerDeps, wakeMachine: (view: MachineView) => Promise<void>): Workqueue {
  const { kube: client, caches, hostLabels, book } = deps;
  const poolDeps = {
    client,
    hostLabels,
    slotsOf: (pool: PoolView) => book.useOf(pool),
    caches: storesOf(caches),
    memory: createPoolMemory(),
    wakeMachine,
    tellMembers: createTellMembers(client),
    nowMs: monotonicNowMs,
    now: () => new Date(),
  };
  const queue = createQueue('pools', 4, deps, (key) => reconcilePool(key, poolDeps));
  connectPoolTriggers(caches, poolDeps.caches, addSpaced(queue, POOL_SPACING_MS, monotonicNowMs));
  return queue;
}

function startClusters(deps: ControllerDeps): Workqueue {
  const { kube: client, caches, logger } = deps;
  const { clusters: baremetalClusters, capiClusters: clusters, machines, pools, hosts, templates } = storesOf(caches);
  const world = { client, baremetalClusters, clusters, machines, pools, hosts, templates };
  const clusterDeps = { ...world, logger, nowMs: () => Date.now() };
  const queue = createQueue('clusters', 2, deps, (key) => reconcileCluster(key, clusterDeps));
  connectClusterTriggers(caches, (key) => queue.add(key));
  connectDomainTriggers(caches, addSpaced(queue, CLUSTER_SPACING_MS, monotonicNowMs));
  return queue;
}

function startTemplates(deps: ControllerDeps): Workqueue {
  const { kube: client, caches } = deps;
  const { templates, pools, hosts } = storesOf(caches);
  const templateDeps = { client, templates, pools, hosts, now: () => new Date() };
  const queue = createQueue('templates', 2, deps, (key) => reconcileTemplate(key, templateDeps));
  connectTemplateTriggers(caches, addSpaced(queue, CLUSTER_SPACING_MS, monotonicNowMs));
  return queue;
}

function startMachineOperations(deps: ControllerDeps): Workqueue {
  const { kube: client, runs, caches, logger } = deps;
  const operationDeps = { client, runs, machines: caches.machines.store, pauses: new RetryPauses(), logger };
  const queue = createQueue('machine-operations', 4, deps, (key) => reconcileMachineOperation(key, operationDeps));
  caches.machines.onChange((key, current) => {
    if (current?.operation !== undefined || current?.operationId !== undefined) queue.add(keyText(key));
  });
  return queue;
}

function startHostOperations(deps: ControllerDeps): Workqueue {
  const { kube: client, runs, caches, reader, hostLabels, countVerb, logger } = deps;
  const { hosts, planSecrets, pools } = storesOf(caches);
  const world = { client, runs, reader, hosts, planSecrets, pools, hostLabels };
  const operationDeps = { ...world, pauses: new RetryPauses(), countVerb, logger, now: () => new Date() };
  const queue = createQueue('host-operations', 4, deps, (key) => reconcileHostOperation(key, operationDeps));
  connectHostPlanTriggers(caches, (key) => {
    if (hosts.get(parseKey(key))?.operation !== undefined) queue.add(key);
  });
  return queue;
}

function startRemediations(deps: ControllerDeps): Workqueue {
  const { kube: client, runs, caches, logger } = deps;
  const { remediations, machines, capiMachines, capiClusters, hosts } = storesOf(caches);
  const world = { client, runs, remediations, machines, capiMachines, capiClusters, hosts };
  const memory = { refusals: new AnswerMemory(monotonicNowMs), pauses: new RetryPauses() };
  const remediationDeps = { ...world, ...memory, logger, now: () => new Date() };
  const queue = createQueue('remediations', 2, deps, (key) => reconcileRemediation(key, remediationDeps));
  connectRemediationTriggers(caches, (key) => queue.add(key));
  return queue;
}

function startAcceptance(deps: ControllerDeps): Workqueue {
  const { kube: client, caches, reader, hostLabels, validateDeadlineMs: deadlineMs, logger } = deps;
  const { hosts, pools, planSecrets, machines, capiClusters } = storesOf(caches);
  const world = { client, reader, hosts, pools, planSecrets, machines, capiClusters, hostLabels, deadlineMs };
  const acceptanceDeps = { ...world, pauses: new RetryPauses(), logger, now: () => new Date() };
  const queue = createQueue('acceptance', 8, deps, (key) => reconcileAcceptance(key, acceptanceDeps));
  connectAcceptanceTriggers(caches, (key) => queue.add(key));
  return queue;
}

function startCrds(deps: ControllerDeps): Workqueue {
  const { kube: client, caches, watchNamespace, watchFilter, resyncPeriodMs, logger } = deps;
  const marks = new Map<string, 'none' | 'some'>();
  const crdDeps = { client, watchNamespace, watchFilter, everyMs: resyncPeriodMs, marks, logger };
  const queue = createQueue('crds', 1, deps, (key) => reconcileCrd(key, crdDeps));
  connectCrdTriggers(caches, marks, addSpaced(queue, CRD_SPACING_MS, monotonicNowMs));
  return queue;
}

/** Says on each machine that its run does not look at it, and replaces runs that never will. */
async function watchUnattended(signal: AbortSignal, machines: MachineController, deps: ControllerDeps): Promise<void> {
  const { runs, unattended, findNobodyServes, kube: client, logger } = deps;
  const replaceRun = (machine: MachineRef, runId: string) => machines.replaceRun(machine, runId);
  const sweep = { unattended, runs, replaceRun, findNobodyServes, client, logger, nowMs: monotonicNowMs };
  while (!signal.aborted) {
    await waitMs(UNATTENDED_SWEEP_MS, signal);
    if (!signal.aborted) await sweepUnattended(sweep);
  }
}
