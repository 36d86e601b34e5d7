import type { HostView } from '../inputs/host-view.ts';
import type { MachineView } from '../inputs/machine-view.ts';
import { keyText, machineIndexes } from '../pool/indexes.ts';
import { findHostUser, isStranded } from './host-user.ts';

/** What of a management cluster decides which hosts are stranded. */
export interface StrandedFacts {
  hosts: Iterable<HostView>;
  /** All that there are, also those of other installations. */
  machines: Iterable<MachineView>;
  /** uids of the machines that have an open run; undefined: Temporal did not say, and no record counts as left behind. */
  openRuns: ReadonlySet<string> | undefined;
}

/**
 * The hosts that nobody uses, nobody can claim and nobody waits for: there should be none. A host that a machine gives back
 * looks so for a moment where the caches of machines and hosts are not of the same age; one that stays is stranded.
 */
export function findStranded({ hosts, machines, openRuns }: StrandedFacts): HostView[] {
  const all = [...machines];
  const byUid = new Map(all.map((machine) => [machine.uid, machine]));
  const byHost = new Map(all.map((machine) => [machineIndexes.providerHost(machine), machine]));
  return [...hosts].filter((host) => {
    const uid = host.owner?.uid ?? '';
    const run = openRuns === undefined ? 'unknown' : openRuns.has(uid) ? 'open' : 'none';
    const user = findHostUser(host, { owner: byUid.get(uid), namedBy: byHost.get(keyText(host)), ownerRun: run });
    return !host.deleting && isStranded(user);
  });
}
