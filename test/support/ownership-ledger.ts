import { hostLabels } from './host-labels.ts';
import { machineInventories } from '../../api/resources.ts';
import { type HostView, viewHost } from '../../domain/inputs/host-view.ts';
import { parseAttemptId } from '../../domain/plan/attempt.ts';
import { type PlanSecretView, viewPlanSecret } from '../../domain/plan/secret.ts';
import { secrets } from '../../api/resources.ts';
import { followObjects } from '../../dev/elemental/object-feed.ts';
import type { Lab } from '../../dev/lab/lab.ts';

/** One state of an object; `revision` orders the states of all objects of the API server. */
export type LedgerEntry = { revision: bigint } & (
  | { kind: 'host'; host: Pick<HostView, 'name' | 'owner'> & Partial<Pick<HostView, 'uid'>> }
  | { kind: 'plan'; secret: Pick<PlanSecretView, 'name' | 'planAttempt' | 'planChecksum'> }
);

/** A change of a host's owner; undefined: nobody. */
export interface OwnerChange {
  revision: bigint;
  host: string;
  from: string | undefined;
  to: string | undefined;
}

/** Every state of every host and of its plan Secret while somebody watched. */
export interface OwnershipLedger {
  /** All breaches of "a host has one owner, a machine one host, and only the owner writes plans", in words. */
  findBreaches(): string[];
  /** In the order in which they happened. */
  ownerChanges(): OwnerChange[];
  /** Attempt ids that stood in the host's plan Secret, in order, each once for each time it came. */
  plansOf(host: string): string[];
  stop(): Promise<void>;
}

/** Records from now on all that happens to the hosts of the lab. */
export async function openOwnershipLedger({
  client,
  namespace,
}: Pick<Lab, 'client' | 'namespace'>): Promise<OwnershipLedger> {
  const entries: LedgerEntry[] = [];
  const hosts = followObjects({
    client,
    resource: machineInventories,
    namespace,
    onChange: (_, inventory) => {
      if (inventory === undefined) return;
      entries.push({ revision: revisionOf(inventory), kind: 'host', host: viewHost(inventory, hostLabels) });
    },
  });
  const plans = followObjects({
    client,
    resource: secrets,
    namespace,
    labelSelector: 'elemental.cattle.io/managed=true',
    onChange: (_, secret) => {
      if (secret === undefined) return;
      entries.push({ revision: revisionOf(secret), kind: 'plan', secret: viewPlanSecret(secret) });
    },
  });
  await Promise.all([hosts.synced, plans.synced]);
  const ordered = (): LedgerEntry[] => entries.toSorted((a, b) => Number(a.revision - b.revision));
  return {
    findBreaches: () => findBreaches(ordered()),
    ownerChanges: () => listOwnerChanges(ordered()),
    plansOf: (host) => listPlans(ordered(), host),
    stop: async () => {
      await Promise.all([hosts.stop(), plans.stop()]);
    },
  };
}

function revisionOf({ metadata }: { metadata: { resourceVersion: string } }): bigint {
  return BigInt(metadata.resourceVersion);
}

function listOwnerChanges(entries: readonly LedgerEntry[]): OwnerChange[] {
  const owners = new Map<string, string | undefined>();
  return entries.flatMap((entry) => {
    if (entry.kind !== 'host') return [];
    const host = entry.host.name;
    const [from, to] = [owners.get(host), entry.host.owner?.uid];
    owners.set(host, to);
    return from === to ? [] : [{ revision: entry.revision, host, from, to }];
  });
}

function listPlans(entries: readonly LedgerEntry[], host: string): string[] {
  const attempts = entries.flatMap((entry) =>
    entry.kind === 'plan' && entry.secret.name === host ? [entry.secret.planAttempt] : [],
  );
  return attempts.flatMap((attempt, index) =>
    attempt === undefined || attempt === attempts[index - 1] ? [] : [attempt],
  );
}

/** See `OwnershipLedger.findBreaches`; the entries are in the order of their revisions. */
export function findBreaches(entries: readonly LedgerEntry[]): string[] {
  return entries.flatMap(createBreachFinder());
}

/**
 * Takes the entries one by one, in the order of their revisions, and answers what each of them breaks. `isSame`: whether a
 * machine that came back from a move had the first uid before, and has the second one now.
 */
export function createBreachFinder(
  isSame: (before: string, now: string) => boolean = () => false,
): (entry: LedgerEntry) => string[] {
  const ownerOf = new Map<string, string>();
  const uidOf = new Map<string, string>();
  const planOf = new Map<string, string>();
  const seeHost = ({ name, owner, uid }: Extract<LedgerEntry, { kind: 'host' }>['host']): string[] => {
    if (uid !== undefined) uidOf.set(name, uid);
    const before = ownerOf.get(name);
    if (owner === undefined) ownerOf.delete(name);
    else ownerOf.set(name, owner.uid);
    const others = [...ownerOf].filter(([host, uid]) => host !== name && uid === owner?.uid).map(([host]) => host);
    return [
      ...(before !== undefined && owner !== undefined && owner.uid !== before && !isSame(before, owner.uid)
        ? [`${name} went from ${before} to ${owner.uid} without having been released`]
        : []),
      ...(others.length > 0 ? [`${owner?.uid} owns ${name} and ${others.join(', ')}`] : []),
    ];
  };
  return (entry) => {
    if (entry.kind === 'host') return seeHost(entry.host);
    const { name, planAttempt, planChecksum } = entry.secret;
    if (planAttempt === undefined || planChecksum === planOf.get(name)) return [];
    planOf.set(name, planChecksum);
    const writer = parseAttemptId(planAttempt)?.uid;
    // A host that nobody owns gets plans of its own.
    return writer === (ownerOf.get(name) ?? uidOf.get(name))
      ? []
      : [`${writer} wrote a plan to ${name} of ${ownerOf.get(name)}`];
  };
}
