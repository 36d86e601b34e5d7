import type { ObjectKey } from '../../../api/meta.ts';
import type { OwnerRun } from '../../hosts/host-user.ts';
import type { SecretSight } from '../../hosts/recorded-plan.ts';
import type { HostView } from '../../inputs/host-view.ts';
import type { MachineView } from '../../inputs/machine-view.ts';
import type { PoolView } from '../../inputs/pool-view.ts';
import type { ChoiceOptions, MemberLookup } from '../../pool/candidates.ts';
import type { PlanSecretFacts } from '../../pool/host-eligibility.ts';
import { findOwningPool } from '../../pool/ownership.ts';
import { findOlderWaiting } from '../../pool/wakeups.ts';
import type { HostFacts, InventorySight } from '../explain/explain-host.ts';
import { type FleetIndex, indexParts } from './fleet-index.ts';

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
  return createFleetOf(indexParts(parts));
}

/** The same, of whatever answers: each question is asked anew when something is to be explained. */
export function createFleetOf(index: FleetIndex): Fleet {
  const ownerPoolOf = (key: ObjectKey, host: HostView | undefined): string | undefined => {
    const pools = index.poolsNaming(key);
    return host === undefined ? pools[0]?.name : findOwningPool(host, pools);
  };
  const findSecret = ({ namespace, planSecretName: name }: HostView): PlanSecretFacts | undefined =>
    name === undefined ? undefined : index.planSecret({ namespace, name });
  const sightOf = (key: ObjectKey): InventorySight => {
    const host = index.host(key);
    if (host !== undefined) return { kind: 'found', host };
    const field = index.unreadableField(key);
    return field === undefined ? { kind: 'missing' } : { kind: 'unreadable', field };
  };

  const userGroupOf = ({ owner }: HostView): string | undefined => {
    const user = index.machine(owner?.uid ?? '');
    return user?.deleting === false ? user.preference.group : undefined;
  };

  return {
    runOf: (uid) => index.runOf(uid),
    factsOf(key, secret) {
      const inventory = sightOf(key);
      const host = inventory.kind === 'found' ? inventory.host : undefined;
      const uid = host?.owner?.uid ?? '';
      const secretFacts = host && findSecret(host);
      const owningPool = ownerPoolOf(key, host);
      return {
        name: key.name,
        inventory,
        secret: secret ?? (secretFacts === undefined ? undefined : 'unread'),
        secretFacts,
        pool: owningPool,
        acceptance: index.poolsNaming(key).find(({ name }) => name === owningPool)?.acceptance?.hash,
        owner: index.machine(uid),
        namedBy: index.machinesNaming(key).find((machine) => machine.uid !== uid),
        ownerRun: uid === '' ? 'none' : index.runOf(uid),
      };
    },
    lookup: (pool, machine) => (name) => {
      const key = { namespace: pool.namespace, name };
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
        acceptance: pool.acceptance?.hash,
        claimedByOtherPool: host.pool !== pool.name && ownerPoolOf(key, host) !== pool.name,
        namedByProviderId: index.machinesNaming(key).some(({ uid }) => uid !== machine?.uid),
      };
    },
    choiceOf: (machine) => ({
      poolName: machine.pool,
      olderWaiting: findOlderWaiting(
        machine,
        index.machinesOf({ namespace: machine.namespace, name: machine.pool }),
        (uid) => index.ownsHost(uid),
      ),
      failureDomain: machine.awaitedFailureDomain,
      preference: machine.preference,
      avoid: machine.avoidedHosts,
      isReserved: () => false,
    }),
  };
}
