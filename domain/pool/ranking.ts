import type { HostView } from '../inputs/host-view.ts';
import { noPreference, type Preference } from '../inputs/preference.ts';

/** A host that a machine can have. */
export interface Ranked {
  host: HostView;
  /** Its place in the pool. */
  at: number;
}

/** What a machine asks for of its place. */
interface Wish {
  /** Where the host has to stand. undefined: anywhere. */
  failureDomain?: string | undefined;
  preference?: Preference | undefined;
}

/**
 * Which host goes before which: one whose last reprovision plan failed comes last, then those that the machine's group used
 * last come first, then those in the failure domain with the fewest machines of the group, then those that stand before
 * others in the pool. What the machine does not prefer is left out.
 */
export class Ranking {
  readonly #preference: Preference;
  readonly #reuses: boolean;
  readonly #spreads: boolean;
  readonly #machines = new Map<string | undefined, number>();

  constructor({ failureDomain, preference = noPreference }: Wish) {
    this.#preference = preference;
    const isOfGroup = preference.group !== undefined;
    this.#reuses = preference.reuses && isOfGroup;
    this.#spreads = preference.spreads && isOfGroup && failureDomain === undefined;
  }

  /** Takes note of a member of the pool. @param userGroup the group of the machine that has it and stays, if one has it */
  note({ failureDomain }: HostView, userGroup: string | undefined): void {
    if (!this.#spreads || userGroup !== this.#preference.group) return;
    this.#machines.set(failureDomain, (this.#machines.get(failureDomain) ?? 0) + 1);
  }

  /** Right for two hosts of one failure domain at any time, for others once all members are noted. */
  goesBefore(a: Ranked, b: Ranked): boolean {
    if (isLastResort(a.host) !== isLastResort(b.host)) return isLastResort(b.host);
    if (this.#reuses && this.#isFormer(a.host) !== this.#isFormer(b.host)) return this.#isFormer(a.host);
    const [here, there] = this.#spreads ? [this.#crowdAt(a.host), this.#crowdAt(b.host)] : [0, 0];
    return here === there ? a.at < b.at : here < there;
  }

  /** No host that stands behind it in the pool goes before it. */
  isFirst({ host }: Ranked): boolean {
    return !this.#spreads && !isLastResort(host) && !(this.#reuses && !this.#isFormer(host));
  }

  #isFormer({ lastGroup }: HostView): boolean {
    return lastGroup === this.#preference.group;
  }

  /** Nobody knows what is lost together with a host that stands nowhere in particular: it spreads nothing. */
  #crowdAt({ failureDomain }: HostView): number {
    return failureDomain === undefined ? Infinity : (this.#machines.get(failureDomain) ?? 0);
  }
}

function isLastResort({ failedReprovision }: HostView): boolean {
  return failedReprovision !== undefined;
}
