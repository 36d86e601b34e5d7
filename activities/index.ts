import type { MachineRef } from '../domain/inputs/machine-snapshot.ts';
import type { NumberedStatus } from '../domain/report/machine-status.ts';
import { createAwaitPlanResult } from './await-plan-result.ts';
import { createBeginLife } from './begin-life.ts';
import { createClaimHost, type Reservations } from './claim-host.ts';
import { createCompleteProvisioning } from './complete-provisioning.ts';
import type { ActivityDependencies } from './step/dependencies.ts';
import { translatingFailures } from './step/failures.ts';
import { startFence } from './step/fence.ts';
import { publishDesiredStatus } from './publish-status.ts';
import { createForceReleaseHost } from './force-release-host.ts';
import { createFinishMachine, createMarkHostUnavailable, createReleaseHost } from './release-host.ts';
import { createWriteCleanPlan } from './write-clean-plan.ts';
import { createWriteReprovisionPlan } from './write-reprovision-plan.ts';

/** The steps of a machine's life that touch the world. Each reads, decides and writes one thing, idempotently. */
export function createActivities(deps: ActivityDependencies) {
  const reservations: Reservations = new Map();
  return {
    beginLife: typed(createBeginLife(deps, reservations)),
    claimHost: typed(createClaimHost(deps, reservations)),
    writeReprovisionPlan: typed(createWriteReprovisionPlan(deps)),
    awaitPlanResult: typed(createAwaitPlanResult(deps)),
    completeProvisioning: typed(createCompleteProvisioning(deps)),
    markHostUnavailable: typed(createMarkHostUnavailable(deps)),
    writeCleanPlan: typed(createWriteCleanPlan(deps)),
    releaseHost: typed(createReleaseHost(deps)),
    forceReleaseHost: typed(createForceReleaseHost(deps)),
    finishMachine: typed(createFinishMachine(deps)),
    publishStatus: typed((input: { machine: MachineRef; status: NumberedStatus }) =>
      publishDesiredStatus(deps, startFence(), input.machine, input.status),
    ),
  };
}

export type Activities = ReturnType<typeof createActivities>;
export type { ActivityDependencies } from './step/dependencies.ts';

/** Gives every activity the one translation of failures. */
function typed<Input, Output>(activity: (input: Input) => Promise<Output>): (input: Input) => Promise<Output> {
  return (input) => translatingFailures(() => activity(input));
}
