import type { ObjectKey } from '../../api/meta.ts';
import type { OwnerRun } from '../hosts/host-user.ts';
import type { SecretSight } from '../hosts/recorded-plan.ts';
import type { HostView } from '../inputs/host-view.ts';
import type { MachineView } from '../inputs/machine-view.ts';
import type { PoolView } from '../inputs/pool-view.ts';
import type { ChoiceOptions, MemberLookup } from '../pool/candidates.ts';
import type { PlanSecretFacts } from '../pool/host-eligibility.ts';
import { keyText, machineIndexes } from '../pool/indexes.ts';
import { findOwningPool } from '../pool/ownership.ts';
import { findOlderWaiting } from '../pool/wakeups.ts';
import type { HostFacts, InventorySight } from './explain-host.ts';

/** All that is seen of some namespaces at one moment. */
export interface FleetParts {
  machines: readonly MachineView[];
  pools: readonly PoolView[];
  hosts: readonly HostView[];
  /** The field of each inventory that cannot be read, by `keyText`. */
  unreadable: ReadonlyMap<string, string>;
  /** By `keyText` of each plan Secret that is there; undefined: nobody may look, and they are taken to be there. */
  planSecrets: ReadonlyMap<string, PlanSecretFacts> | undefined;
  /** uids of the machines that have an open run; undefined: Temporal did not say. */
  openRuns: ReadonlySet<string> | undefined;
}

/** What explanations are made of, for any of its objects. */
export interface Fleet {
  runOf(uid: string): OwnerRun;
  /** `secret`: what stands in its plan Secret, if somebody has looked into it. */
  factsOf(host: ObjectKey, secret?: SecretSight): HostFacts;
  /** As a claim asks about the members of a pool, on behalf of a machine or of nobody. */
  lookup(pool: PoolView, machine?: MachineView): MemberLookup;
  /** How a claim of the machine would choose. */
  choiceOf(machine: MachineView): ChoiceOptions;
}

/** Puts what is seen together as bridge and worker do. */
export function createFleet(parts: FleetParts): Fleet {
  const hosts = new Map(parts.hosts.map((host) => [keyText(host), host]));
  const byUid = new Map(parts.machines.map((machine) => [machine.uid, machine]));
  const naming = Map.groupBy(parts.machines, (machine) => machineIndexes.providerHost(machine) ?? '');
  const byPool = Map.groupBy(parts.machines, (machine) => machineIndexes.pool(machine) ?? '');
  const poolsNaming = Map.groupBy(
    parts.pools.flatMap((pool) => pool.members.map(({ name }) => ({ pool, host: `${pool.namespace}/${name}` }))),
    ({ host }) => host,
  );
  const userGroupOf = ({ owner }: HostView): string | undefined => {
    const user = byUid.get(owner?.uid ?? '');
    return user?.deleting === false ? user.preference.group : undefined;
  };
  const owned = new Set(parts.hosts.flatMap(({ owner }) => owner?.uid ?? []));

  const ownerPoolOf = (key: string, host: HostView | undefined): string | undefined => {
    const pools = (poolsNaming.get(key) ?? []).map(({ pool }) => pool);
    return host === undefined ? pools[0]?.name : findOwningPool(host, pools);
  };
  const findSecret = ({ namespace, planSecretName: name }: HostView): PlanSecretFacts | undefined => {
    if (name === undefined) return undefined;
    if (parts.planSecrets === undefined) return { foreignPlanType: undefined };
    return parts.planSecrets.get(keyText({ namespace, name }));
  };
  const sightOf = (key: string): InventorySight => {
    const host = hosts.get(key);
    const field = parts.unreadable.get(key);
    if (host !== undefined) return { kind: 'found', host };
    return field === undefined ? { kind: 'missing' } : { kind: 'unreadable', field };
  };
  const runOf = (uid: string): OwnerRun => {
    if (parts.openRuns === undefined) return 'unknown';
    return parts.openRuns.has(uid) ? 'open' : 'none';
  };

  return {
    runOf,
    factsOf(hostKey, secret) {
      const key = keyText(hostKey);
      const inventory = sightOf(key);
      const host = hosts.get(key);
      const uid = host?.owner?.uid ?? '';
      const secretFacts = host && findSecret(host);
      return {
        name: hostKey.name,
        inventory,
        secret: secret ?? (secretFacts === undefined ? undefined : 'unread'),
        secretFacts,
        pool: ownerPoolOf(key, host),
        owner: byUid.get(uid),
        namedBy: naming.get(key)?.find((machine) => machine.uid !== uid),
        ownerRun: uid === '' ? 'none' : runOf(uid),
      };
    },
    lookup: (pool, machine) => (name) => {
      const key = keyText({ namespace: pool.namespace, name });
      const sight = sightOf(key);
      if (sight.kind === 'missing') return undefined;
      if (sight.kind === 'unreadable') return { unreadable: sight.field };
      const { host } = sight;
      const planSecret = findSecret(host);
      return {
        host,
        userGroup: userGroupOf(host),
        planSecretExists: planSecret !== undefined,
        planSecret,
        claimedByOtherPool: host.pool !== pool.name && ownerPoolOf(key, host) !== pool.name,
        namedByProviderId: (naming.get(key) ?? []).some(({ uid }) => uid !== machine?.uid),
      };
    },
    choiceOf: (machine) => ({
      poolName: machine.pool,
      olderWaiting: findOlderWaiting(machine, byPool.get(machineIndexes.pool(machine) ?? '') ?? [], (uid) =>
        owned.has(uid),
      ),
      failureDomain: machine.awaitedFailureDomain,
      preference: machine.preference,
      avoid: machine.avoidedHosts,
      isReserved: () => false,
    }),
  };
}
