import type { MachineRef } from '../domain/inputs/machine-snapshot.ts';
import type { PresenceOutcome } from '../domain/life/step-outcomes.ts';
import type { ActivityDependencies } from './step/dependencies.ts';
import { readStanding } from './step/standing.ts';

/** Reads whether a machine that is said to be gone is. `cluster`: its Cluster, as the run knows it. Writes nothing. */
export function createConfirmGone(deps: ActivityDependencies) {
  return async function confirmGone(input: { machine: MachineRef; cluster: string | null }): Promise<PresenceOutcome> {
    const { kind } = await readStanding(deps, input.machine, input.cluster ?? undefined);
    return { kind };
  };
}
