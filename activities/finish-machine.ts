import type { MachineRef } from '../domain/inputs/machine-snapshot.ts';
import type { FinishOutcome } from '../domain/life/step-outcomes.ts';
import { findAdoptableHost } from './host/adopt.ts';
import { dropFinalizerUnlessHeld } from './host/last-host.ts';
import type { ActivityDependencies } from './step/dependencies.ts';
import { startFence } from './step/fence.ts';
import { readStanding } from './step/standing.ts';

/** Drops the finalizer of a machine that is being deleted and holds no host. The run may only believe either: checked here. */
export function createFinishMachine(deps: ActivityDependencies) {
  return async function finishMachine(input: { machine: MachineRef; cluster?: string | null }): Promise<FinishOutcome> {
    const fence = startFence();
    const standing = await readStanding(deps, input.machine, input.cluster ?? undefined);
    switch (standing.kind) {
      case 'gone':
      case 'moved':
        return undefined;
      case 'paused':
        return { kind: 'paused' };
      case 'live':
        return { kind: 'unjustified' };
      case 'deleting':
        break;
    }
    // The host on which the node runs has come back: the run adopts and cleans it.
    if ((await findAdoptableHost(deps, standing.machine)) !== undefined) return { kind: 'holdsHost' };
    return dropFinalizerUnlessHeld(deps, fence, input.machine);
  };
}
