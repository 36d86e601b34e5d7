import type { MachineView } from '../inputs/machine-view.ts';

/** A host that can be claimed. */
export interface FreeHost {
  name: string;
  /** undefined: nobody has said where it stands. */
  failureDomain: string | undefined;
}

/** A machine that waits, as far as it matters which hosts it can use. */
export type WaitingMachine = Pick<MachineView, 'avoidedHosts' | 'awaitedFailureDomain'>;

/** The free hosts of a pool, counted by where they stand. */
export class FreeHosts {
  readonly #hosts: FreeHost[] = [];
  readonly #byDomain = new Map<string | undefined, number>();

  constructor(hosts: readonly FreeHost[] = []) {
    for (const host of hosts) this.add(host);
  }

  add(host: FreeHost): void {
    this.#hosts.push(host);
    this.#byDomain.set(host.failureDomain, this.countIn(host.failureDomain) + 1);
  }

  get count(): number {
    return this.#hosts.length;
  }

  countIn(failureDomain: string | undefined): number {
    return this.#byDomain.get(failureDomain) ?? 0;
  }

  /** There is one that stands where the machine has to be, and that was not given up for it. */
  hasOneFor({ avoidedHosts, awaitedFailureDomain }: WaitingMachine): boolean {
    if (avoidedHosts.length > 0) {
      return this.#hosts.some(
        ({ name, failureDomain }) =>
          !avoidedHosts.includes(name) && (awaitedFailureDomain ?? failureDomain) === failureDomain,
      );
    }
    return awaitedFailureDomain === undefined ? this.count > 0 : this.countIn(awaitedFailureDomain) > 0;
  }
}

/**
 * Those of the machines, which come in the order in which they are served, that can have one of the hosts each, if everybody
 * takes the right one: who is bound to a failure domain takes one there, and the others what is left.
 */
export function findServed<T extends WaitingMachine>(machines: readonly T[], free: FreeHosts): T[] {
  const bound = new Map<string, number>();
  let served = 0;
  return machines.filter((machine) => {
    if (served >= free.count || !free.hasOneFor(machine)) return false;
    const domain = machine.awaitedFailureDomain;
    if (domain !== undefined) {
      const before = bound.get(domain) ?? 0;
      if (before >= free.countIn(domain)) return false;
      bound.set(domain, before + 1);
    }
    served += 1;
    return true;
  });
}
