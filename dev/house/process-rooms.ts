import { bans } from './bans.ts';
import type { Room } from './room.ts';

const bridgeRooms: readonly Room[] = [
  {
    path: 'k8s-bridge',
    holds: 'The bridge process: its caches, and which change makes which controller look',
    mayImport: [
      'api',
      'domain/inputs',
      'domain/plan',
      'domain/pool',
      'k8s-bridge/clusters',
      'k8s-bridge/hosts',
      'k8s-bridge/leader',
      'k8s-bridge/machines',
      'k8s-bridge/pools',
      'k8s-bridge/queue',
      'k8s-bridge/reconcile',
      'reading',
      'runtime',
      'runtime/kube',
      'runtime/temporal',
    ],
    bans: bans.outsideOfWorkflows,
  },
  {
    path: 'k8s-bridge/machines',
    holds: 'Machines to runs: snapshots sent, runs started, requests of operators passed on, a Temporal that came back',
    mayImport: [
      'api',
      'domain/inputs',
      'domain/life',
      'domain/pool',
      'domain/report',
      'k8s-bridge/queue',
      'k8s-bridge/reconcile',
      'runtime/kube',
      'runtime/temporal',
      'workflows/messages.ts',
    ],
    bans: bans.outsideOfWorkflows,
  },
  {
    path: 'k8s-bridge/hosts',
    holds: 'Hosts to runs: the answer in a plan Secret completes the activity that waits for it',
    mayImport: [
      'api',
      'domain/inputs',
      'domain/life',
      'domain/plan',
      'k8s-bridge/machines',
      'k8s-bridge/reconcile',
      'reading',
      'runtime/kube',
    ],
    bans: bans.outsideOfWorkflows,
  },
  {
    path: 'k8s-bridge/pools',
    holds: 'Pools: their status, the annotation of their members, and who is woken when a host is free',
    mayImport: [
      'api',
      'domain',
      'domain/inputs',
      'domain/pool',
      'k8s-bridge/machines',
      'k8s-bridge/reconcile',
      'runtime/kube',
    ],
    bans: bans.outsideOfWorkflows,
  },
  {
    path: 'k8s-bridge/clusters',
    holds: 'Clusters: their status and their finalizer',
    mayImport: [
      'api',
      'domain',
      'domain/inputs',
      'domain/pool',
      'domain/report',
      'k8s-bridge/reconcile',
      'runtime/kube',
    ],
    bans: bans.outsideOfWorkflows,
  },
  {
    path: 'k8s-bridge/leader',
    holds: 'The Lease that lets one bridge work at a time',
    mayImport: ['api', 'k8s-bridge/queue', 'runtime', 'runtime/kube'],
    bans: bans.outsideOfWorkflows,
  },
  {
    path: 'k8s-bridge/queue',
    holds: 'The workqueue: each key once, one worker a key, retries with back-off',
    mayImport: ['runtime'],
    bans: bans.outsideOfWorkflows,
  },
  {
    path: 'k8s-bridge/reconcile',
    holds: 'What reconcilers share: the ports they see the world through, patches of annotations, bounded loops',
    mayImport: ['api', 'runtime/kube'],
    bans: bans.outsideOfWorkflows,
  },
];

const runtimeRooms: readonly Room[] = [
  {
    path: 'runtime',
    holds: 'How a process begins and ends: environment, log, metrics, health, shutdown',
    mayImport: [],
    bans: bans.runtimeHall,
  },
  {
    path: 'runtime/kube',
    holds: 'The one client of Kubernetes: requests, watches, informers, Events',
    mayImport: ['api', 'runtime'],
    bans: bans.kubeClient,
  },
  {
    path: 'runtime/temporal',
    holds: 'The connection to Temporal, for clients and for the worker',
    mayImport: ['runtime'],
    bans: bans.temporalConnection,
  },
];

/** The processes of an installation, and what they stand on. */
export const processRooms: readonly Room[] = [
  {
    path: 'workers',
    holds: 'The worker process: caches to claim from, the bundle of the workflows, the Temporal worker',
    mayImport: [
      'activities',
      'api',
      'domain',
      'domain/inputs',
      'domain/life',
      'domain/plan',
      'domain/pool',
      'reading',
      'runtime',
      'runtime/kube',
      'runtime/temporal',
    ],
    bans: bans.workerProcess,
  },
  ...bridgeRooms,
  {
    path: 'cli',
    holds: 'The command line: one command a file, asked of the runs, and of the plan Secrets of hosts',
    mayImport: [
      'api',
      'domain/life',
      'domain/plan',
      'runtime',
      'runtime/kube',
      'runtime/temporal',
      'workflows/messages.ts',
    ],
    bans: bans.outsideOfWorkflows,
  },
  ...runtimeRooms,
];
