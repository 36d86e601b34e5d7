import { bans } from './bans.ts';
import { bridgeRooms } from './bridge-rooms.ts';
import type { Room } from './room.ts';

const consoleRooms: readonly Room[] = [
  {
    path: 'console',
    holds: 'The console process: the map of the fleet from its caches, who may see it, and the server of the page',
    mayImport: [
      'api',
      'domain/hosts',
      'domain/inputs',
      'domain/journal',
      'domain/life',
      'domain/plan',
      'domain/pool',
      'domain/report',
      'domain/report/explain',
      'domain/report/fleet',
      'journal',
      'runtime',
      'runtime/kube',
      'runtime/kube/cache',
      'runtime/temporal',
    ],
    bans: bans.outsideOfWorkflows,
  },
  {
    path: 'console/page',
    holds: 'What runs in the browser: the fleet as one picture, its filters, the keyboard, and the details',
    mayImport: ['domain/report', 'domain/report/explain', 'domain/report/fleet'],
    bans: bans.page,
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
    holds: 'The one client of Kubernetes: requests, watches, Events',
    mayImport: ['api', 'runtime'],
    bans: bans.kubeClient,
  },
  {
    path: 'runtime/kube/cache',
    holds: 'Informers: a cache of one kind that keeps itself up to date',
    mayImport: ['api', 'runtime', 'runtime/kube'],
    bans: bans.kubeCache,
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
      'domain/journal',
      'domain/life',
      'domain/plan',
      'domain/pool',
      'journal',
      'reading',
      'runtime',
      'runtime/kube',
      'runtime/kube/cache',
      'runtime/temporal',
    ],
    bans: bans.workerProcess,
  },
  ...bridgeRooms,
  ...consoleRooms,
  {
    path: 'cli',
    holds: 'The command line, `ironloom`: one command a file; it asks Kubernetes and the runs, and decides nothing',
    mayImport: [
      'api',
      'domain',
      'domain/bootstrap/jinja',
      'domain/hosts',
      'domain/inputs',
      'domain/journal',
      'domain/life',
      'domain/network',
      'domain/plan',
      'domain/pool',
      'domain/report',
      'domain/report/explain',
      'domain/report/fleet',
      'journal',
      'runtime',
      'runtime/kube',
      'runtime/temporal',
      'workflows/messages.ts',
    ],
    bans: bans.outsideOfWorkflows,
  },
  ...runtimeRooms,
];
