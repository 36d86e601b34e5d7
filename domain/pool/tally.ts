import type { MemberFacts, MemberProblem, ProblemCounts, UnreadableMember } from './candidates.ts';
import { hostProblemReasons } from './host-eligibility.ts';

const problemWords: Record<Exclude<keyof ProblemCounts, 'otherDomain'>, string> = {
  missing: 'without a MachineInventory',
  unreadable: 'with a MachineInventory that cannot be read',
  givenUp: 'given up for this machine',
  passedOver: 'not free after all',
  deleting: 'being deleted',
  takenBySelector: 'owned by a MachineInventorySelector',
  quarantined: 'quarantined',
  owned: 'used by a machine',
  validating: 'whose checks are not done',
  notAccepted: 'that did not pass the checks of the pool',
  inUse: 'not released or unavailable',
  inAnotherPool: 'of another pool',
  namedByMachine: 'named by the providerID of a machine',
  planSecretMissing: 'without a plan Secret',
  foreignPlan: 'with a plan of somebody else',
  refusesWrites: 'that cannot be written to',
  storageBusy: 'with a storage operation in flight',
  storageUnprepared: 'with storage that is not prepared',
  notReady: 'not Ready',
};

/** What is to be said of hosts of which none could be had. */
interface Exhaustion {
  poolName: string;
  failureDomain?: string | undefined;
  /** Free, and where one is asked for. */
  eligible: number;
  older: number;
}

/** More failure domains would make the message unreadable. */
const MAX_DOMAINS = 12;

/** Counts why the members of a pool cannot be claimed for a machine, and where the free ones stand. */
export class Tally {
  readonly reasons: ProblemCounts = {};
  readonly #total: number;
  readonly #places = new Map<string | undefined, { total: number; free: number; reasons: ProblemCounts }>();

  constructor(total: number) {
    this.#total = total;
  }

  note(facts: MemberFacts | UnreadableMember | undefined, problem: MemberProblem | undefined): void {
    const reason = problem?.reason;
    if (reason !== undefined) count(this.reasons, reason);
    const domain = facts !== undefined && 'host' in facts ? facts.host.failureDomain : undefined;
    const place = this.#places.get(domain) ?? { total: 0, free: 0, reasons: {} };
    this.#places.set(domain, place);
    place.total += 1;
    if (reason === undefined || reason === 'otherDomain') place.free += 1;
    else count(place.reasons, reason);
  }

  describeExhaustion({ poolName, failureDomain, eligible, older }: Exhaustion): string {
    const place = failureDomain === undefined ? undefined : this.#places.get(failureDomain);
    const total = failureDomain === undefined ? this.#total : (place?.total ?? 0);
    const hosts = total === 1 ? '1 host' : `${total} hosts`;
    const machines = older === 1 ? '1 older machine' : `${older} older machines`;
    const where = failureDomain === undefined ? '' : ` in failure domain ${failureDomain}`;
    const summary =
      eligible === 0
        ? `No host of pool ${poolName}${where} is free (${hosts})`
        : `${eligible} of ${hosts} of pool ${poolName}${where} free, kept for ${machines}`;
    const counts = describeCounts(failureDomain === undefined ? this.reasons : (place?.reasons ?? {}));
    const said = counts === '' ? summary : `${summary}: ${counts}`;
    return failureDomain === undefined ? said : `${said}${this.#describeOthers(failureDomain)}`;
  }

  #describeOthers(failureDomain: string): string {
    const others = [...this.#places].filter(([domain]) => domain !== failureDomain);
    const texts = others
      .map(([domain, { total, free }]) => `${domain ?? 'none that is known'} ${free} of ${total}`)
      .toSorted();
    if (texts.length === 0) return '';
    const more = texts.length > MAX_DOMAINS ? ` and ${texts.length - MAX_DOMAINS} more` : '';
    return `. Free in others: ${texts.slice(0, MAX_DOMAINS).join(', ')}${more}`;
  }
}

function count(counts: ProblemCounts, reason: keyof ProblemCounts): void {
  counts[reason] = (counts[reason] ?? 0) + 1;
}

function describeCounts(counts: ProblemCounts): string {
  return (['missing', 'unreadable', 'givenUp', 'passedOver', ...hostProblemReasons] as const)
    .flatMap((reason) => (counts[reason] === undefined ? [] : [`${counts[reason]} ${problemWords[reason]}`]))
    .join(', ');
}
