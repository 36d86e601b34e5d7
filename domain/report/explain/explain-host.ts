import { assertNever } from '../../assert-never.ts';
import { findHostUser, type HostUser, isStranded, type UserFacts } from '../../hosts/host-user.ts';
import { readRecordedPlan, type SecretSight } from '../../hosts/recorded-plan.ts';
import type { HostView } from '../../inputs/host-view.ts';
import { hostProblem, type PlanSecretFacts } from '../../pool/host-eligibility.ts';
import { explainQuarantine } from './explain-quarantine.ts';
import { explainUse } from './explain-use.ts';
import { explainProblem } from './host-problem-words.ts';
import { byHand, type Explanation, type Way } from './way.ts';

/** In the order in which they are looked for: each host is in the first that fits. */
export const hostStates = [
  'Missing',
  'Unreadable',
  'Deleting',
  'Stranded',
  'InUse',
  'Releasing',
  'Quarantined',
  'Spare',
  'Unusable',
  'Free',
] as const;
/** Where a host is, in one word. */
export type HostState = (typeof hostStates)[number];

/** The inventory of a host, as far as it is there. */
export type InventorySight =
  | { kind: 'missing' }
  | { kind: 'unreadable'; field: string }
  | { kind: 'found'; host: HostView };

/** All that an explanation is made of. */
export interface HostFacts extends UserFacts {
  name: string;
  inventory: InventorySight;
  secret: SecretSight;
  /** What is known of the Secret where nobody has looked into it. */
  secretFacts: PlanSecretFacts | undefined;
  /** The pool that owns the host, see `findOwningPool`. */
  pool: string | undefined;
  /** Hash of the checks that this pool asks for; undefined: none. */
  acceptance: string | undefined;
}

export type HostExplanation = Explanation<HostState>;

/** Why a host is where it is, and what ends that. */
export function explainHost(facts: HostFacts): HostExplanation {
  const { name, inventory } = facts;
  switch (inventory.kind) {
    case 'missing':
      return explainMissing(name, facts.pool);
    case 'unreadable':
      return {
        state: 'Unreadable',
        stuck: true,
        expected: 'A MachineInventory of the shape that elemental-operator promises',
        observed: `Field ${inventory.field} has another shape`,
        next: 'Nothing is done with the host until the field is mended; that is noticed at once',
        ways: [byHand(`kubectl edit machineinventory ${name}`, 'mend the field; do not delete the inventory')],
      };
    case 'found':
      return explainFound(inventory.host, facts);
    default:
      return assertNever(inventory);
  }
}

function explainFound(host: HostView, facts: HostFacts): HostExplanation {
  if (host.deleting) return explainDeleting(host);
  const user = findHostUser(host, facts);
  const plan = readRecordedPlan(host, facts.secret);
  if (isStranded(user)) return explainStranded(user);
  switch (user.kind) {
    case 'machine':
    case 'node':
      return explainUse(host, user, plan);
    case 'run':
    case 'unconfirmed':
      return explainReleasing(user);
    case 'nobody':
      return host.quarantined ? explainQuarantine(host, plan) : explainUnused(host, facts);
    case 'gone':
    case 'loose':
      return explainStranded(user);
    default:
      return assertNever(user);
  }
}

function explainMissing(name: string, pool: string | undefined): HostExplanation {
  return {
    state: 'Missing',
    stuck: true,
    expected: `A MachineInventory ${name}, as ${pool === undefined ? 'somebody' : `pool ${pool}`} names it`,
    observed: 'There is none',
    next: 'The host is used as soon as it registers under that name',
    ways: [
      byHand('register the host', 'elemental-operator makes its MachineInventory'),
      byHand(`kubectl edit mip ${pool ?? '<pool>'}`, 'take the name out of the pool'),
    ],
  };
}

function explainDeleting({ name, owner }: HostView): HostExplanation {
  const used = owner === undefined ? '' : `, and BaremetalMachine ${owner.baremetalMachine} is recorded as its user`;
  return {
    state: 'Deleting',
    stuck: false,
    expected: 'The MachineInventory goes once elemental-operator has reset the host',
    observed: `It is being deleted${used}`,
    next: 'The host leaves its pools; if it registers anew it is blank',
    ways: [
      ...(owner === undefined || owner.machine === ''
        ? []
        : [deleteMachine(owner.machine, 'its machine gives it up, and another host is claimed')]),
      byHand(`kubectl get machineinventory ${name} -o yaml`, 'see which finalizer it waits for'),
    ],
  };
}

function explainStranded(user: HostUser): HostExplanation {
  const observed =
    user.kind === 'gone'
      ? `It is recorded for BaremetalMachine ${user.owner.baremetalMachine || user.owner.uid}, which is gone, and no run of it is left`
      : `It is in a state of use (${user.kind === 'loose' ? user.state : 'unknown'}) and recorded for nobody`;
  return {
    state: 'Stranded',
    stuck: true,
    expected: 'A host is used by a machine, free for one, or kept out for a reason',
    observed,
    next: 'Nobody goes on with it. Be sure that no node runs there any more: the machine may live on elsewhere',
    ways: [
      { kind: 'hostVerb', verb: 'quarantine', leads: 'the record goes, and the host is cleaned; then unquarantine' },
    ],
  };
}

function explainReleasing(user: Extract<HostUser, { kind: 'run' | 'unconfirmed' }>): HostExplanation {
  const machine = user.owner.baremetalMachine || user.owner.uid;
  const unsure = user.kind === 'unconfirmed';
  return {
    state: 'Releasing',
    // Who cannot ask Temporal cannot know.
    stuck: false,
    expected: 'The run of its machine cleans the host and gives it back',
    observed: unsure
      ? `BaremetalMachine ${machine} is gone, and Temporal was not asked whether a run of it is left`
      : `BaremetalMachine ${machine} is gone, and its run still has the host`,
    next: 'It is free once the host has applied its clean plan',
    ways: [
      { kind: 'machineVerb', verb: 'forceRelease', machine, leads: 'the host is let go uncleaned, into quarantine' },
      ...(unsure ? [byHand('ask again when Temporal answers', 'without a run the host is stranded')] : []),
    ],
  };
}

function explainUnused(host: HostView, facts: HostFacts): HostExplanation {
  const { pool, secret, secretFacts } = facts;
  if (pool === undefined) {
    return {
      state: 'Spare',
      stuck: false,
      expected: 'A pool names it before a machine can have it',
      observed: 'No pool names it',
      next: 'It waits to be named',
      ways: [byHand('kubectl edit mip <pool>', `add ${host.name} to spec.machineInventories`)],
    };
  }
  const problem = hostProblem(host, {
    poolName: pool,
    planSecretExists: secret !== undefined,
    planSecret: secret === 'unread' ? secretFacts : secret,
    acceptance: facts.acceptance,
    claimedByOtherPool: false,
    namedByProviderId: facts.namedBy !== undefined,
  });
  if (problem !== undefined) return explainProblem(host, problem);
  const last = host.failedReprovision === undefined ? '' : '. Its last reprovision plan failed: it is taken last';
  return {
    state: 'Free',
    stuck: false,
    expected: `The next machine of pool ${pool} claims it`,
    observed: `It is free${last}`,
    next: 'It waits to be claimed',
    ways: [],
  };
}

function deleteMachine(machine: string, leads: string): Way {
  return { kind: 'deleteMachine', machine, leads };
}
