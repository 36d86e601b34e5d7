import type { Reason } from '../../../api/conditions.ts';
import type { MachineView } from '../../inputs/machine-view.ts';
import { byHand, type Way } from './way.ts';

/** What a reason waits for, and what a person can do about it. */
export interface ReasonWords {
  stuck: boolean;
  next: string;
  ways: (machine: MachineView) => Way[];
}

const verb =
  (of: 'retry' | 'reallocate' | 'forceRelease', leads: string) =>
  ({ name }: MachineView): Way => ({ kind: 'machineVerb', verb: of, machine: name, leads });
const retry = verb('retry', 'the step is done once more');
const reallocate = verb('reallocate', 'its host is cleaned and given back, and another one is claimed');
const forceRelease = verb('forceRelease', 'its host is let go uncleaned, into quarantine');

export function deleteMachine({ name, ownerMachine }: MachineView): Way {
  const leads = 'its node is drained, its host is cleaned and given back, and another machine takes its place';
  return ownerMachine === undefined
    ? byHand(`kubectl delete bmm ${name}`, leads)
    : { kind: 'deleteMachine', machine: ownerMachine, leads };
}

const nothing = (): Way[] => [];
const by = (what: (machine: MachineView) => string, leads: string) => (machine: MachineView) => [
  byHand(what(machine), leads),
];
const logs = by(() => 'kubectl logs -n ironloom-system deploy/ironloom-worker', 'see what the worker says of it');
const look = by(({ name }) => `kubectl describe bmm ${name}`, 'see its conditions and Events');
const pool = by(({ pool: name }) => `ironloom explain pool ${name}`, 'see which host is ruled out by what');

/** No plan of a host stands in the way: the cause is mended elsewhere, and the machine goes on by itself. */
function blocked(mend: string, leads: string): ReasonWords {
  return {
    stuck: true,
    next: 'It goes on by itself as soon as that is mended',
    ways: (machine) => [byHand(mend, leads), retry(machine), ...(machine.deleting ? [] : [reallocate(machine)])],
  };
}

/** The plan came to no good end. */
function afterPlan(next: string): ReasonWords {
  return {
    stuck: true,
    next,
    ways: (machine) => [
      byHand(`ironloom output ${machine.name}`, 'see what the host said'),
      retry(machine),
      ...(machine.deleting ? [forceRelease(machine)] : [giveUp(machine)]),
    ],
  };
}

/** What gives the host of a machine up that is not being deleted. */
function giveUp(machine: MachineView): Way {
  const { providerID, inventory, avoidedHosts } = machine;
  if (providerID !== undefined) return deleteMachine(machine);
  // An operator gave it up before, and its clean plan is at it.
  return inventory !== undefined && avoidedHosts.includes(inventory) ? forceRelease(machine) : reallocate(machine);
}

const well: ReasonWords = { stuck: false, next: 'Nothing to do until the Machine is deleted', ways: nothing };
const silent: ReasonWords = {
  stuck: true,
  next: 'A late answer still counts',
  ways: (machine) => [
    byHand('look at the console of the host', 'see whether it boots, and its agent runs'),
    deleteMachine(machine),
  ],
};

/** For each reason that a machine may show. */
export const reasonWords: Record<Reason, ReasonWords> = {
  Ready: well,
  InventoryAllocated: well,
  BootstrapReady: well,
  ImageResolved: well,
  PlanApplied: well,
  Booted: well,
  NodeJoined: well,
  NotPaused: well,
  Deleting: { stuck: false, next: 'It goes once its host is clean and back in its pool', ways: look },
  WaitingForMachine: { stuck: false, next: 'It goes on as soon as a Machine of Cluster API owns it', ways: look },
  WaitingForClusterInfrastructure: {
    stuck: false,
    next: 'It goes on as soon as the infrastructure of its Cluster is provisioned',
    ways: by(() => 'kubectl get bmc', 'see what its BaremetalCluster waits for'),
  },
  PoolMissing: {
    stuck: true,
    next: 'It goes on by itself when the pool exists and has a free host',
    ways: (machine) => [byHand(`kubectl get mip ${machine.pool}`, 'make that pool'), deleteMachine(machine)],
  },
  PoolExhausted: { stuck: false, next: 'It is served by itself, oldest first, as soon as a host is free', ways: pool },
  FailureDomainExhausted: {
    stuck: false,
    next: 'It is served by itself, oldest first, as soon as a host of that failure domain is free',
    ways: pool,
  },
  InventoryMissing: {
    stuck: true,
    next: 'Its host is taken as its own again as soon as it registers',
    ways: (machine) => [
      byHand('let the host register', 'after a move, or a loss of its inventory'),
      deleteMachine(machine),
    ],
  },
  InventoryUnreadable: {
    stuck: true,
    next: 'It goes on by itself when the field is mended',
    ways: by(({ inventory }) => `kubectl edit machineinventory ${inventory ?? '<host>'}`, 'mend the field'),
  },
  WriteRefused: {
    stuck: true,
    next: 'It is tried again by itself, after 2 seconds to 5 minutes',
    ways: look,
  },
  Unreachable: { stuck: false, next: 'It is tried again by itself', ways: logs },
  Restless: { stuck: true, next: 'It pauses, and goes on more slowly', ways: logs },
  BootstrapWaiting: {
    stuck: false,
    next: 'It goes on as soon as the bootstrap Secret is there',
    ways: by(
      ({ ownerMachine }) => `kubectl describe machine ${ownerMachine ?? ''}`,
      'see what its bootstrap object waits for',
    ),
  },
  BootstrapInvalid: blocked('mend the bootstrap template, or the network of the inventory', 'an edit is noticed'),
  BootstrapFormatUnsupported: blocked('let the bootstrap template give cloud-config', 'an edit is noticed'),
  ImageCatalogMissing: blocked('kubectl create configmap elemental-image-catalog', 'it is noticed'),
  ImageCatalogMiss: blocked('kubectl edit configmap elemental-image-catalog', 'add the version of the Machine'),
  ImageRegistryMissing: blocked('kubectl annotate cluster <cluster> cpaas.io/registry-address=<host>', 'it is noticed'),
  WaitingForSlot: {
    stuck: false,
    next: 'It goes on by itself when it is its turn: control planes first, then the oldest',
    ways: (machine) => [
      byHand(`kubectl edit mip ${machine.pool}`, 'raise spec.maxConcurrentReprovisions'),
      byHand('IRONLOOM_MAX_CONCURRENT_REPROVISIONS', 'raise that of the installation, if it has one'),
    ],
  },
  PlanPending: {
    stuck: false,
    next: 'It goes on as soon as the host answers',
    ways: (machine) => (machine.deleting ? [forceRelease(machine)] : []),
  },
  PlanFailed: afterPlan('It waits for an operator'),
  PlanTimedOut: afterPlan('A late answer still counts'),
  PlanSecretMissing: afterPlan('Nothing is written until an operator decides'),
  HostTaken: {
    stuck: true,
    next: 'Nothing is written until an operator decides',
    ways: (machine) => {
      if (machine.provisioned && !machine.deleting) return [deleteMachine(machine)];
      const ends = machine.deleting ? forceRelease(machine) : giveUp(machine);
      return machine.phase === 'Failed' ? [retry(machine), ends] : [ends];
    },
  },
  WaitingForBoot: { stuck: false, next: 'The host reboots', ways: nothing },
  BootTimedOut: silent,
  BootedFallback: {
    stuck: true,
    next: 'No node is made of it',
    ways: (machine) => [
      byHand('look at the console of the host', 'see why the image does not boot'),
      deleteMachine(machine),
    ],
  },
  WaitingForNode: { stuck: false, next: 'It goes on as soon as its Node registers', ways: nothing },
  NodeJoinTimedOut: silent,
  NodeNameTaken: {
    stuck: true,
    next: 'It cannot join under that name',
    ways: (machine) => [
      byHand(
        'give each a name of its own: nodeRegistration.name, or hostname in the pool',
        'before the next one comes',
      ),
      deleteMachine(machine),
    ],
  },
  Paused: { stuck: true, next: 'It goes on when it is resumed', ways: look },
};
