import type { ObjectKey } from '../../../api/meta.ts';
import type { OwnerRun } from '../../hosts/host-user.ts';
import type { HostView } from '../../inputs/host-view.ts';
import type { MachineView } from '../../inputs/machine-view.ts';
import type { PoolView } from '../../inputs/pool-view.ts';
import type { PlanSecretFacts } from '../../pool/host-eligibility.ts';
import { keyText, machineIndexes } from '../../pool/indexes.ts';
import type { FleetParts } from './fleet.ts';

/** Where explanations look things up, be it in lists that were read once or in caches that follow the world. */
export interface FleetIndex {
  host(key: ObjectKey): HostView | undefined;
  /** The field of an inventory that is there and cannot be read. */
  unreadableField(key: ObjectKey): string | undefined;
  machine(uid: string): MachineView | undefined;
  /** Those whose `spec.providerID` names the host. */
  machinesNaming(host: ObjectKey): readonly MachineView[];
  /** Those that take their host from the pool. */
  machinesOf(pool: ObjectKey): readonly MachineView[];
  poolsNaming(host: ObjectKey): readonly PoolView[];
  /** undefined: it is not there. */
  planSecret(key: ObjectKey): PlanSecretFacts | undefined;
  /** A host is recorded for the machine with this uid. */
  ownsHost(uid: string): boolean;
  runOf(uid: string): OwnerRun;
}

/** Makes lists findable. */
export function indexParts(parts: FleetParts): FleetIndex {
  const hosts = new Map(parts.hosts.map((host) => [keyText(host), host]));
  const byUid = new Map(parts.machines.map((machine) => [machine.uid, machine]));
  const naming = Map.groupBy(parts.machines, (machine) => machineIndexes.providerHost(machine) ?? '');
  const byPool = Map.groupBy(parts.machines, (machine) => machineIndexes.pool(machine) ?? '');
  const poolsNaming = Map.groupBy(
    parts.pools.flatMap((pool) => pool.members.map(({ name }) => ({ pool, host: `${pool.namespace}/${name}` }))),
    ({ host }) => host,
  );
  const owned = new Set(parts.hosts.flatMap(({ owner }) => owner?.uid ?? []));
  const { planSecrets, openRuns } = parts;
  return {
    host: (key) => hosts.get(keyText(key)),
    unreadableField: (key) => parts.unreadable.get(keyText(key)),
    machine: (uid) => byUid.get(uid),
    machinesNaming: (key) => naming.get(keyText(key)) ?? [],
    machinesOf: (key) => byPool.get(keyText(key)) ?? [],
    poolsNaming: (key) => (poolsNaming.get(keyText(key)) ?? []).map(({ pool }) => pool),
    planSecret: (key) => (planSecrets === undefined ? { foreignPlanType: undefined } : planSecrets.get(keyText(key))),
    ownsHost: (uid) => owned.has(uid),
    runOf(uid) {
      if (openRuns === undefined) return 'unknown';
      return openRuns.has(uid) ? 'open' : 'none';
    },
  };
}
