import { assertNever } from '../assert-never.ts';
import type { HostView } from '../inputs/host-view.ts';
import { isKeptByChecks } from '../pool/acceptance.ts';
import { type HostUser, isStranded } from './host-user.ts';
import type { RecordedPlan } from './recorded-plan.ts';

export const hostVerbs = ['quarantine', 'unquarantine', 'validate'] as const;
/** What an operator can ask of a host. */
export type HostVerb = (typeof hostVerbs)[number];

/** All that a verb is judged by. */
export interface HostStanding {
  host: HostView;
  user: HostUser;
  plan: RecordedPlan | undefined;
  /** Its pool asks its hosts to pass checks. */
  asksForChecks: boolean;
}

/** What is done about a request. `answer` says what happens then, or why it waits, or why not and what to do instead. */
export type HostVerdict =
  /** `mark`: keep the host out of allocation. `strip`: besides, take the record of a machine that is gone away, and leave a clean plan. */
  | { kind: 'mark' | 'strip' | 'lift'; answer: string }
  /** `again`: what the host has passed, or has not, counts no more. */
  | { kind: 'again'; answer: string }
  /** It stands, and is judged again when the host or its Secret changes. */
  | { kind: 'wait'; answer: string }
  | { kind: 'refused'; answer: string };

/** Decides on an operator's request by what stands in Kubernetes, and which run is left. */
export function judgeHostVerb(standing: HostStanding, verb: HostVerb, reason: string): HostVerdict {
  switch (verb) {
    case 'quarantine':
      return judgeQuarantine(standing, reason);
    case 'unquarantine':
      return judgeUnquarantine(standing);
    case 'validate':
      return judgeValidate(standing);
    default:
      return assertNever(verb);
  }
}

function judgeValidate({ host, user, asksForChecks }: HostStanding): HostVerdict {
  if (host.deleting) return refuse('The host is being deleted');
  if (host.quarantined) return refuse('The host is quarantined; unquarantine lets it in by its checks');
  if (user.kind !== 'nobody') return refuse('The host is in use; checks are for hosts that nobody uses');
  if (!asksForChecks && !isKeptByChecks(host))
    return refuse('The pool of the host asks for no checks, see spec.acceptance');
  if (isKeptByChecks(host) && host.acceptance?.state === 'Validating')
    return refuse('The host runs its checks already');
  return { kind: 'again', answer: 'The host runs the checks of its pool, and is free once it has passed' };
}

function judgeQuarantine({ host, user }: HostStanding, reason: string): HostVerdict {
  if (reason === '') return refuse('A quarantine needs a reason; ask for `quarantine: <reason>`');
  if (host.deleting) return refuse('The host is being deleted, and leaves its pool by that');
  if (isStranded(user)) {
    return {
      kind: 'strip',
      answer: 'The host loses the record of a use that nobody ends, and gets a clean plan; unquarantine frees it then',
    };
  }
  if (host.quarantined) return refuse('The host is quarantined already');
  switch (user.kind) {
    case 'nobody':
      return { kind: 'mark', answer: 'The host leaves allocation at once, until unquarantine' };
    case 'machine':
    case 'node':
      return { kind: 'mark', answer: `${nameOf(user)} keeps the host; after its release nobody gets it` };
    case 'run':
    case 'unconfirmed':
      return { kind: 'mark', answer: 'The host is still being given back; after that nobody gets it' };
    case 'gone':
    case 'loose':
      return refuse('The host is stranded');
    default:
      return assertNever(user);
  }
}

function judgeUnquarantine({ host, user, plan }: HostStanding): HostVerdict {
  if (!host.quarantined) return refuse('The host is not quarantined');
  if (isStranded(user)) {
    return refuse('The host is recorded for a use that nobody ends; quarantine takes that record away, and cleans it');
  }
  if (user.kind !== 'nobody') {
    return { kind: 'lift', answer: 'The quarantine is lifted; the machine that has the host keeps it' };
  }
  const obstacle = findCleanObstacle(plan);
  return obstacle === undefined
    ? { kind: 'lift', answer: 'The host is clean and can be claimed again' }
    : { kind: 'wait', answer: obstacle };
}

/** Why a host that nobody uses cannot be called clean; undefined: it can. */
function findCleanObstacle(plan: RecordedPlan | undefined): string | undefined {
  // Nothing was left to be applied: somebody quarantined a host that was free.
  // Checks change nothing on a host that was clean before.
  if (plan === undefined || plan.attempt?.planType === 'validate') return undefined;
  if (plan.attempt?.planType !== 'clean') {
    return 'No clean plan of ours is recorded for the host; only that one makes it clean';
  }
  switch (plan.result) {
    case 'applied':
      return undefined;
    case 'running':
    case 'unknown':
      return 'The host has not applied its clean plan yet; it is waited for';
    case 'failed':
      return 'The clean plan failed on the host; repair it and let its agent run the plan again';
    case 'taken':
      return 'The clean plan does not stand in the plan Secret, so the host was not cleaned by it';
    case 'secretMissing':
      return 'The plan Secret of the host is gone; it cannot be cleaned';
    default:
      return assertNever(plan.result);
  }
}

function nameOf({ machine }: Extract<HostUser, { kind: 'machine' | 'node' }>): string {
  return `BaremetalMachine ${machine.name}`;
}

function refuse(answer: string): HostVerdict {
  return { kind: 'refused', answer };
}
