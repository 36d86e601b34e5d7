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

const cliRooms: readonly Room[] = [
  {
    path: 'cli',
    holds: 'The command line, `ironloom`: its commands together, their completion, its version',
    mayImport: ['api', 'domain/hosts', 'cli/access', 'cli/commands', 'cli/world'],
    bans: bans.outsideOfWorkflows,
  },
  {
    path: 'cli/commands',
    holds: 'One command a file; it asks Kubernetes and the runs, and decides nothing',
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
      'workflows/messages.ts',
      'cli/access',
      'cli/output',
      'cli/world',
    ],
    bans: bans.outsideOfWorkflows,
  },
  {
    path: 'cli/access',
    holds: 'How commands reach Kubernetes, Temporal and the journal, with the rights of whoever asks',
    mayImport: [
      'api',
      'domain/inputs',
      'domain/life',
      'domain/plan',
      'domain/pool',
      'domain/report/fleet',
      'journal',
      'runtime',
      'runtime/kube',
      'runtime/temporal',
      'cli/world',
    ],
    bans: bans.outsideOfWorkflows,
  },
  {
    path: 'cli/output',
    holds: 'How answers are written: tables, colours, JSON and YAML',
    mayImport: ['api', 'domain', 'domain/report/explain', 'cli/world'],
    bans: bans.outsideOfWorkflows,
  },
  {
    path: 'cli/world',
    holds: 'What surrounds a command: where it writes, what all are asked, how they fail',
    mayImport: ['api', 'runtime', 'runtime/temporal'],
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
  ...cliRooms,
  ...runtimeRooms,
];
