import { bans } from './bans.ts';
import type { Room } from './room.ts';

const domainRooms: readonly Room[] = [
  {
    path: 'domain',
    holds: 'What several wings share: writing conditions, exhaustive switches. All of domain/ is pure functions',
    mayImport: ['api'],
    bans: bans.pureInSandbox,
  },
  {
    path: 'domain/inputs',
    holds:
      'What Kubernetes says, as decisions need it: views of objects, the snapshot of a machine and its fingerprint',
    mayImport: ['api', 'domain/network'],
    bans: bans.pure,
  },
  {
    path: 'domain/life',
    holds:
      'What happens next: the stages of a machine, the events that move it, what operators ask for, the name of a run',
    mayImport: ['api', 'domain', 'domain/inputs'],
    bans: bans.pureInSandbox,
  },
  {
    path: 'domain/plan',
    holds: 'The scripts that reprovision, reboot, clean and look at a host, their Secret, and what a failed one says',
    mayImport: ['api'],
    bans: bans.pure,
  },
  {
    path: 'domain/bootstrap',
    holds: 'Bootstrap data read, checked and completed for a host: templates, cloud-config, kubeadm documents',
    mayImport: ['domain', 'domain/bootstrap/jinja', 'domain/bootstrap/yaml'],
    bans: bans.pure,
  },
  {
    path: 'domain/bootstrap/jinja',
    holds: 'Whether a template renders on the host, what it may ask for, and how it is edited without harm',
    mayImport: [],
    bans: bans.pure,
  },
  {
    path: 'domain/bootstrap/yaml',
    holds: "YAML as the host's readers take it, with bounds, and edits that keep all else as it stands",
    mayImport: ['domain/bootstrap/jinja'],
    bans: bans.pure,
  },
  {
    path: 'domain/network',
    holds: 'The network of a host, from what its inventory recorded',
    mayImport: ['api'],
    bans: bans.pureWithAddresses,
  },
  {
    path: 'domain/pool',
    holds: 'Whose a host is, who may have it, in which order, and whom a free one wakes',
    mayImport: ['api', 'domain', 'domain/inputs'],
    bans: bans.pure,
  },
  {
    path: 'domain/slots',
    holds: 'Who may reprovision a host now where a limit is set: the slots, who holds them, and who waits',
    mayImport: ['api', 'domain/inputs', 'domain/plan', 'domain/pool'],
    bans: bans.pure,
  },
  {
    path: 'domain/hosts',
    holds: 'What a host is used for, by all that is known of it, and what operators may ask of it',
    mayImport: ['api', 'domain', 'domain/inputs', 'domain/plan', 'domain/pool'],
    bans: bans.pure,
  },
  {
    path: 'domain/remediation',
    holds: 'What is tried to heal an unhealthy Machine before it is replaced',
    mayImport: ['api', 'domain', 'domain/inputs'],
    bans: bans.pure,
  },
  {
    path: 'domain/report',
    holds: 'What people are told: Events, the story of a run and how it ended, times and words',
    mayImport: ['api', 'domain', 'domain/inputs', 'domain/life', 'domain/report/status'],
    bans: bans.pureInSandbox,
  },
  {
    path: 'domain/report/status',
    holds: 'What stands in the objects: the status of machines, clusters and templates, and their conditions',
    mayImport: ['api', 'domain', 'domain/inputs', 'domain/life'],
    bans: bans.pureInSandbox,
  },
  {
    path: 'domain/report/explain',
    holds: 'Why a host or a machine is where it is, what comes next, and what to do about it',
    mayImport: ['api', 'domain', 'domain/hosts', 'domain/inputs', 'domain/life', 'domain/pool', 'domain/report'],
    bans: bans.pureInSandbox,
  },
  {
    path: 'domain/report/fleet',
    holds: 'The whole fleet: its pools explained, its map, the pages about it',
    mayImport: ['api', 'domain/hosts', 'domain/inputs', 'domain/pool', 'domain/report/explain'],
    bans: bans.pureInSandbox,
  },
  {
    path: 'domain/journal',
    holds:
      'What is kept of a machine when its run is gone: entries, where they come from, and the uses of a host in them',
    mayImport: ['api', 'domain', 'domain/inputs', 'domain/life', 'domain/report', 'domain/report/status'],
    bans: bans.pureInSandbox,
  },
];

const activityRooms: readonly Room[] = [
  {
    path: 'activities',
    holds: 'One step of a life each: read, decide, write one thing',
    mayImport: [
      'api',
      'domain/inputs',
      'domain/life',
      'domain/plan',
      'domain/report',
      'domain/report/status',
      'activities/host',
      'activities/inputs',
      'activities/step',
      'runtime/kube',
    ],
    bans: bans.activity,
  },
  {
    path: 'activities/host',
    holds: 'The host of a step: whose it is, what is recorded on it, the plan it gets and what it answered',
    mayImport: [
      'api',
      'domain',
      'domain/inputs',
      'domain/life',
      'domain/network',
      'domain/plan',
      'domain/pool',
      'domain/slots',
      'activities/step',
      'reading',
      'runtime/kube',
    ],
    bans: bans.activity,
  },
  {
    path: 'activities/inputs',
    holds: 'What a plan needs besides the host: bootstrap data and the image',
    mayImport: ['api', 'domain/bootstrap/jinja', 'domain/inputs', 'domain/life', 'domain/network', 'activities/step'],
    bans: bans.activity,
  },
  {
    path: 'activities/step',
    holds: 'What every step needs: its dependencies, its fence, its machine, its failures, log and Events',
    mayImport: [
      'api',
      'domain/inputs',
      'domain/journal',
      'domain/life',
      'domain/pool',
      'domain/report',
      'reading',
      'runtime/kube',
    ],
    bans: bans.activity,
  },
];

/** What an installation runs, besides its processes. */
export const productRooms: readonly Room[] = [
  {
    path: 'api',
    holds: 'What is on the wire: schemas, constants, CRDs; no I/O',
    mayImport: [],
    bans: bans.wireFormat,
  },
  ...domainRooms,
  {
    path: 'workflows',
    holds: '`machineLifecycle`, the one workflow: its messages, its waits, its activity proxies',
    mayImport: [
      'api/constants.ts',
      'domain',
      'domain/inputs',
      'domain/journal',
      'domain/life',
      'domain/plan',
      'domain/report',
      'domain/report/status',
    ],
    mayImportTypesOf: ['activities'],
    bans: bans.sandbox,
  },
  {
    path: 'reading',
    holds: 'What tenants and hosts wrote, read in threads with limits of time and memory',
    mayImport: ['api', 'domain', 'domain/bootstrap', 'domain/network', 'domain/plan', 'runtime'],
    bans: bans.reading,
  },
  {
    path: 'journal',
    holds: 'The journal in PostgreSQL: its schema and migrations, who writes it, and what is asked of it',
    mayImport: ['domain/journal'],
    bans: bans.journal,
  },
  ...activityRooms,
];
