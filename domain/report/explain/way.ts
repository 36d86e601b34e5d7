import type { ObjectKey } from '../../../api/meta.ts';
import { assertNever } from '../../assert-never.ts';
import type { HostVerb } from '../../hosts/host-verbs.ts';
import type { OperatorVerb } from '../../life/machine-life.ts';

/** One thing that a person can do about a state. `leads`: to what, as the end of a sentence. */
export type Way =
  | { kind: 'hostVerb'; verb: HostVerb; leads: string }
  | { kind: 'machineVerb'; verb: OperatorVerb; machine: string; leads: string }
  /** Delete a Machine of Cluster API. */
  | { kind: 'deleteMachine'; machine: string; leads: string }
  /** Nothing that a verb of ours does. */
  | { kind: 'byHand'; what: string; leads: string };

/** What is shown of an object. */
export interface Explanation<State extends string = string> {
  state: State;
  /** It goes on by nothing but what a person does. */
  stuck: boolean;
  expected: string;
  observed: string;
  next: string;
  /** Best first. */
  ways: Way[];
}

export function byHand(what: string, leads: string): Way {
  return { kind: 'byHand', what, leads };
}

/** What is typed or done. `host` names the object of host verbs. */
export function describeWay(way: Way, { namespace, name: host }: ObjectKey): string {
  switch (way.kind) {
    case 'hostVerb':
      return `ironloom ${way.verb} ${host} -n ${namespace}${way.verb === 'quarantine' ? ' --reason "…"' : ''}`;
    case 'machineVerb':
      return `ironloom ${dashed(way.verb)} ${way.machine} -n ${namespace} --reason "…"`;
    case 'deleteMachine':
      return `kubectl delete machine ${way.machine} -n ${namespace}`;
    case 'byHand':
      return way.what;
    default:
      return assertNever(way);
  }
}

/** The verb alone, for a column. */
export function nameWay(way: Way): string {
  switch (way.kind) {
    case 'hostVerb':
    case 'machineVerb':
      return dashed(way.verb);
    case 'deleteMachine':
      return 'delete machine';
    case 'byHand':
      return 'by hand';
    default:
      return assertNever(way);
  }
}

/** A verb as it is typed. */
export function dashed(verb: HostVerb | OperatorVerb): string {
  return verb.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
}
