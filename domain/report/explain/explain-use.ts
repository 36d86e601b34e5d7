import { assertNever } from '../../assert-never.ts';
import type { HostUser } from '../../hosts/host-user.ts';
import type { RecordedPlan } from '../../hosts/recorded-plan.ts';
import type { HostView } from '../../inputs/host-view.ts';
import type { MachineView } from '../../inputs/machine-view.ts';
import type { Explanation, Way } from './way.ts';

type User = Extract<HostUser, { kind: 'machine' | 'node' }>;

/** A host that a machine has: what it does there, and what would free it. */
export function explainUse(host: HostView, user: User, plan: RecordedPlan | undefined): Explanation<'InUse'> {
  const { machine } = user;
  const ends = planEnds(user, plan);
  const held = isHeld(machine);
  return {
    state: 'InUse',
    stuck: held || ends.trouble !== undefined,
    expected: machine.deleting
      ? `BaremetalMachine ${machine.name} cleans it and gives it back`
      : `BaremetalMachine ${machine.name} makes a node of it, until its Machine is deleted`,
    observed: [describeUse(host, user), ends.trouble ?? ends.told].filter((text) => text !== '').join('. '),
    next: held ? 'The machine is paused, or being moved: nothing is written to the host' : ends.next,
    ways: waysOut(machine, ends),
  };
}

function describeUse({ allocationState, quarantined }: HostView, { kind, machine }: User): string {
  const by = `BaremetalMachine ${machine.name}`;
  const use =
    kind === 'node'
      ? `The providerID of ${by} names it, and it is not recorded yet`
      : `${by} has it (${machine.phase ?? 'new'}, host ${allocationState ?? 'not recorded'})`;
  return quarantined ? `${use}. It goes into quarantine when it is given back` : use;
}

interface Ends {
  /** What is well; '': nothing is to be said. */
  told: string;
  trouble: string | undefined;
  next: string;
  /** The plan has come to an end, or its deadline: a retry would write it again. */
  retryable: boolean;
  /** The host has applied its reprovision plan. */
  applied: boolean;
  /** A clean plan of ours is the last one: the host is being given up. */
  clean: boolean;
}

function planEnds({ machine }: User, plan: RecordedPlan | undefined): Ends {
  const clean = plan?.attempt?.planType === 'clean';
  const common = { told: '', retryable: false, applied: false, trouble: undefined, clean };
  if (plan === undefined) {
    const next = machine.deleting ? 'It is given back' : 'A plan is written as soon as the machine has all it needs';
    return { ...common, next: machine.provisioned ? 'Nothing, until the Machine is deleted' : next };
  }
  const what = plan.attempt === undefined ? 'a plan' : `${plan.attempt.planType} plan ${plan.attempt.attempt}`;
  switch (plan.result) {
    case 'applied':
      return {
        ...common,
        applied: !clean,
        told: `It has applied ${what}`,
        next: clean ? 'It is given back' : 'Nothing, until the Machine is deleted',
      };
    case 'running':
    case 'unknown':
      return { ...common, told: `It is at ${what}`, next: 'The run goes on as soon as the host answers' };
    case 'failed':
      return { ...common, retryable: true, trouble: `${upper(what)} failed`, next: 'The run waits for an operator' };
    case 'taken':
      // Of a machine that is at work the plan may be about to be written; its run looks itself.
      return machine.phase === 'Failed'
        ? { ...common, retryable: true, trouble: 'Another plan than ours stands in its plan Secret', next: waits }
        : {
            ...common,
            told: `${upper(what)} is about to be written, or another one stands there`,
            next: 'Its run looks',
          };
    case 'secretMissing':
      return { ...common, retryable: true, trouble: 'Its plan Secret is gone', next: waits };
    default:
      return assertNever(plan.result);
  }
}

const waits = 'Nothing is written until an operator decides';

/** Cluster API or an operator holds the machine. */
function isHeld({ pausedByAnnotation, reportsPaused, deletedForMove }: MachineView): boolean {
  return pausedByAnnotation || reportsPaused || deletedForMove;
}

function waysOut(machine: MachineView, ends: Ends): Way[] {
  const { name } = machine;
  const verb = (of: 'retry' | 'reallocate' | 'forceRelease', leads: string): Way => ({
    kind: 'machineVerb',
    verb: of,
    machine: name,
    leads,
  });
  if (isHeld(machine)) {
    return [{ kind: 'byHand', what: `ironloom explain machine ${name}`, leads: 'see who paused it, and let it go on' }];
  }
  const retry = ends.retryable && !machine.provisioned ? [verb('retry', 'the plan is written again')] : [];
  if (machine.deleting || ends.clean) {
    return [
      ...(ends.retryable ? [verb('retry', 'the clean plan is written again')] : []),
      verb('forceRelease', 'it is let go uncleaned, into quarantine'),
    ];
  }
  if (machine.providerID !== undefined || ends.applied) return deleteMachine(machine);
  return [...retry, verb('reallocate', 'it is cleaned and given back, and another host is claimed')];
}

function deleteMachine({ name, ownerMachine }: MachineView): Way[] {
  const leads = 'its node is drained, and the host is cleaned and given back';
  return ownerMachine === undefined
    ? [{ kind: 'byHand', what: `kubectl delete bmm ${name}`, leads }]
    : [{ kind: 'deleteMachine', machine: ownerMachine, leads }];
}

function upper(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}
