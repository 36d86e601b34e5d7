import type { FreeHosts, WaitingMachine } from './free-hosts.ts';

/** The older machines that wait for a host of the same pool: they are served first. */
export class Elders {
  /** Nearly all machines take any host: only the others are looked at for each host. */
  readonly #undemanding: number;
  readonly #bound = new Map<string, number>();
  readonly #picky: readonly WaitingMachine[];

  constructor(waiting: readonly WaitingMachine[]) {
    this.#picky = waiting.filter(({ avoidedHosts }) => avoidedHosts.length > 0);
    const others = waiting.filter(({ avoidedHosts }) => avoidedHosts.length === 0);
    for (const { awaitedFailureDomain: domain } of others) {
      if (domain !== undefined) this.#bound.set(domain, (this.#bound.get(domain) ?? 0) + 1);
    }
    this.#undemanding = others.filter(({ awaitedFailureDomain }) => awaitedFailureDomain === undefined).length;
  }

  /** Some of these hosts are left over once the elders have theirs. */
  leaveOne(free: FreeHosts): boolean {
    const bound = this.#boundOf(free);
    let kept = this.#anywhere(free);
    for (const [domain, count] of bound) kept += Math.min(count, free.countIn(domain));
    return free.count > kept;
  }

  /** Hosts of the failure domain are left over once those elders have theirs that can have no other ones. */
  leaveOneIn(failureDomain: string | undefined, free: FreeHosts): boolean {
    if (failureDomain === undefined) return free.countIn(undefined) > 0;
    return free.countIn(failureDomain) > (this.#boundOf(free).get(failureDomain) ?? 0);
  }

  /** How many of them could use one of these. `failureDomain`: only of those that may take hosts there. */
  countAt(free: FreeHosts, failureDomain: string | undefined): number {
    const bound = this.#boundOf(free);
    const counts = failureDomain === undefined ? [...bound.values()] : [bound.get(failureDomain) ?? 0];
    return this.#anywhere(free) + counts.reduce((sum, count) => sum + count, 0);
  }

  #anywhere(free: FreeHosts): number {
    return (
      this.#undemanding +
      this.#picky.filter((elder) => elder.awaitedFailureDomain === undefined && free.hasOneFor(elder)).length
    );
  }

  #boundOf(free: FreeHosts): ReadonlyMap<string, number> {
    if (this.#picky.length === 0) return this.#bound;
    const bound = new Map(this.#bound);
    for (const elder of this.#picky) {
      const domain = elder.awaitedFailureDomain;
      if (domain !== undefined && free.hasOneFor(elder)) bound.set(domain, (bound.get(domain) ?? 0) + 1);
    }
    return bound;
  }
}
