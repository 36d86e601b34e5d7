import type { Room } from './room.ts';

const hostRooms: readonly Room[] = [
  {
    path: 'dev/host',
    holds: 'A simulated host: power and boot, with its agent and its node; many of them in one process',
    mayImport: ['api', 'dev/elemental', 'dev/host/agent', 'dev/host/node', 'dev/host/os', 'runtime/kube'],
  },
  {
    path: 'dev/host/os',
    holds: 'What a host has without an agent: a disk, commands, power',
    mayImport: ['dev/elemental'],
  },
  {
    path: 'dev/host/agent',
    holds: "The host's agent: takes the plan, runs it, reports, and fails in all the ways that agents do",
    mayImport: ['api', 'dev/elemental', 'dev/host/os'],
  },
  {
    path: 'dev/host/node',
    holds: 'What comes of a host that applied its plan: a kubelet, a Node, a workload cluster',
    mayImport: ['api', 'dev/elemental', 'dev/host/os', 'dev/process', 'dev/tools', 'runtime/kube'],
  },
];

/** What developers run: the local management cluster, demo, benchmarks, tests. */
export const workshopRooms: readonly Room[] = [
  {
    path: 'config',
    holds: 'kustomize: CRDs (made from `api`), roles, Deployments, policy, samples',
    mayImport: ['api'],
  },
  {
    path: 'dev',
    holds: 'What `npm run` starts: demo, a management cluster to play with, building the programs, the release',
    mayImport: ['dev/demo', 'dev/process', 'dev/release', 'dev/stack', 'dev/tools', 'runtime'],
  },
  {
    path: 'dev/house',
    holds: 'This order: the table of rooms, and the checks of imports, READMEs and links in the documentation',
    mayImport: [],
  },
  {
    path: 'dev/tools',
    holds: 'The programs of the management cluster: found, or built from pinned Go modules',
    mayImport: [],
  },
  {
    path: 'dev/image',
    holds: 'What an image is made with, besides the Dockerfile',
    mayImport: [],
  },
  {
    path: 'dev/release',
    holds: 'The files of a release, from config/, the lock file and the changelog',
    mayImport: ['dev/tools'],
  },
  {
    path: 'dev/process',
    holds: 'Child processes that never outlive their parent: folders, ports, readiness',
    mayImport: [],
  },
  {
    path: 'dev/stack',
    holds: 'The management cluster: etcd, API server, Cluster API, Temporal; PostgreSQL',
    mayImport: ['api', 'dev/elemental', 'dev/process', 'dev/tools', 'runtime/kube'],
  },
  {
    path: 'dev/elemental',
    holds: 'What elemental-operator does: inventories, plan Secrets, and the plan as an agent reads it',
    mayImport: ['api', 'runtime/kube'],
  },
  ...hostRooms,
  {
    path: 'dev/lab',
    holds: 'The management cluster with hosts, worker and bridge: what demo, tests and benchmarks share',
    mayImport: ['dev/elemental', 'dev/host', 'dev/process', 'dev/stack', 'runtime/kube'],
  },
  {
    path: 'dev/demo',
    holds: 'The demo: its story, its table, and the facts that it proves',
    mayImport: [
      'api',
      'dev/lab',
      'dev/process',
      'dev/stack',
      'domain/inputs',
      'domain/life',
      'runtime',
      'runtime/kube',
      'runtime/kube/cache',
    ],
  },
  {
    path: 'bench',
    holds: 'Latency, throughput and memory, measured against the budgets',
    mayImport: [
      'activities',
      'api',
      'dev/elemental',
      'dev/lab',
      'dev/process',
      'dev/stack',
      'dev/tools',
      'domain/inputs',
      'domain/life',
      'domain/plan',
      'domain/report/status',
      'reading',
      'runtime',
      'runtime/kube',
      'workers',
    ],
  },
  {
    path: 'test',
    holds: 'Mirrors the tree; besides `replay`, `e2e`, `model`, `support`',
    mayImport: [],
    open: true,
  },
];
