import type { MachineRef } from '../../domain/inputs/machine-snapshot.ts';
import type { ActivityDependencies } from '../step/dependencies.ts';
import { readStanding, type Standing } from '../step/standing.ts';
import { findNamingMachine } from './live-candidate.ts';
import { readOwnedHost } from './record.ts';

/**
 * As `readStanding`, of a machine that has a host. Gone, while the providerID of another machine names that host: it has
 * come back from a move under another uid, and its node runs there. Not so if a machine of another name owns the host: an
 * attempt of before, whose answer was lost, gave it back.
 */
export async function readHolderStanding(
  deps: ActivityDependencies,
  { machine, inventory }: { machine: MachineRef; inventory: string },
  lastCluster: string | null | undefined,
): Promise<Standing> {
  const standing = await readStanding(deps, machine, lastCluster ?? undefined);
  if (standing.kind !== 'gone') return standing;
  const namedBy = await findNamingMachine(deps, machine, { namespace: machine.namespace, name: inventory });
  if (namedBy === undefined) return standing;
  if (namedBy === machine.name) return { kind: 'moved' };
  const owned = await readOwnedHost(deps, machine, inventory);
  return owned.kind === 'lost' && owned.host.owner?.baremetalMachine === namedBy ? standing : { kind: 'moved' };
}
