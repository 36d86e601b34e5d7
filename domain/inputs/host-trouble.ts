import type { BootSight } from './boot-sight.ts';
import type { HostView } from './host-view.ts';
import type { HostTrouble } from './machine-snapshot.ts';
import type { MachineView } from './machine-view.ts';

/** What is seen of a plan Secret for the question whose plan stands there. */
export interface PlanSight {
  /** Somebody else's kind of plan, as the annotations of the Secret name it. */
  foreignPlanType: string | undefined;
  /** Attempt id of ours that stands in the plan itself. */
  planAttempt: string | undefined;
  /** No plan of anybody stands there. */
  isEmpty: boolean;
  /** How the host booted since it applied the plan that stands there; undefined: it has not told. */
  boot?: BootSight | undefined;
}

/** How the host that a machine names looks in the caches. */
export type HostSight =
  | { kind: 'missing' }
  | { kind: 'unreadable' }
  /** `plan` undefined: the plan Secret is not there. */
  | { kind: 'found'; host: HostView; plan: PlanSight | undefined };

/**
 * What is wrong with the host that the machine holds, beyond that it is not there. A claim names its host in the
 * machine's status a moment before the host records the machine: only a bound machine can have lost its host.
 */
export function findHostTrouble(machine: MachineView, sight: HostSight): HostTrouble | undefined {
  switch (sight.kind) {
    case 'missing':
      return undefined;
    case 'unreadable':
      return 'unreadable';
    case 'found':
      return isBound(machine) ? troubleOf(machine, sight.host, sight.plan) : undefined;
  }
}

/** The machine was given its host; a providerID says so even before the host is recorded anew, after a move. */
function isBound({ providerID, planSecret }: MachineView): boolean {
  return providerID !== undefined || planSecret !== undefined;
}

function troubleOf(machine: MachineView, host: HostView, plan: PlanSight | undefined): HostTrouble | undefined {
  if (host.owner?.uid !== machine.uid) return isReleased(machine, host) ? undefined : 'lost';
  if (host.deleting || host.takenBySelector) return 'taken';
  if (plan === undefined) return undefined;
  if (plan.foreignPlanType !== undefined) return 'taken';
  // Before that, a plan from before the claim may stand there, and whoever waits for the answer looks itself.
  const holdsOurs = machine.provisioned && !machine.deleting && host.plan !== undefined;
  return holdsOurs && isForeignContent(plan) ? 'taken' : undefined;
}

/** The machine let the host go a moment ago and is about to lose its finalizer; a blank host was registered anew. */
function isReleased({ deleting }: MachineView, { owner, allocationState }: HostView): boolean {
  return deleting && owner === undefined && allocationState !== undefined;
}

/** A plan stands there that none of our attempts wrote. */
function isForeignContent({ isEmpty, planAttempt }: PlanSight): boolean {
  return !isEmpty && planAttempt === undefined;
}

/** The host tells its machine nothing new, whatever else changed of it. */
export function isSameForMachine(a: HostView | undefined, b: HostView | undefined): boolean {
  if (a === undefined || b === undefined) return false;
  return (
    a.owner?.uid === b.owner?.uid &&
    a.deleting === b.deleting &&
    a.takenBySelector === b.takenBySelector &&
    a.planSecretName === b.planSecretName &&
    (a.plan === undefined) === (b.plan === undefined) &&
    (a.allocationState === undefined) === (b.allocationState === undefined)
  );
}

/** The Secret says the same of whose plan stands there, and of the boot after it. */
export function isSamePlanSight(a: PlanSight | undefined, b: PlanSight | undefined): boolean {
  if (a === undefined || b === undefined) return false;
  const sameBoot =
    a.boot?.rebooted === b.boot?.rebooted && a.boot?.mode === b.boot?.mode && a.boot?.reboot === b.boot?.reboot;
  return sameBoot && a.foreignPlanType === b.foreignPlanType && isForeignContent(a) === isForeignContent(b);
}
