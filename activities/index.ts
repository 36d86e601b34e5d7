import type { MachineRef } from '../domain/inputs/machine-snapshot.ts';
import type { NumberedStatus } from '../domain/report/status/machine-status.ts';
import { createAwaitPlanResult } from './await-plan-result.ts';
import { createBeginLife } from './begin-life.ts';
import { createClaimHost } from './claim-host.ts';
import { createConfirmGone } from './confirm-gone.ts';
import { createCompleteProvisioning } from './complete-provisioning.ts';
import type { ActivityDependencies, GivenDependencies } from './step/dependencies.ts';
import type { StepStopped } from '../domain/life/step-outcomes.ts';
import { EventQueue } from '../runtime/kube/event-queue.ts';
import { createSharedReads } from './step/shared-reads.ts';
import { createRecordJournal } from './step/journaling.ts';
import { translatingFailures } from './step/failures.ts';
import { endingSoon } from './step/stopped.ts';
import { startFence } from './step/fence.ts';
import { publishDesiredStatus } from './publish-status.ts';
import { createForceReleaseHost } from './force-release-host.ts';
import { createFinishMachine } from './finish-machine.ts';
import { createMarkHostUnavailable } from './mark-host-unavailable.ts';
import { createSettleReboot } from './settle-reboot.ts';
import { createReleaseHost } from './release-host.ts';
import { createWriteCleanPlan } from './write-clean-plan.ts';
import { createWriteRebootPlan } from './write-reboot-plan.ts';
import { createWriteReprovisionPlan } from './write-reprovision-plan.ts';

/** The steps of a machine's life that touch the world. Each reads, decides and writes one thing, idempotently. */
export function createActivities(given: GivenDependencies) {
  const own = { shared: createSharedReads(given.kube), events: new EventQueue(given.kube), reservations: new Map() };
  const deps: ActivityDependencies = { ...given, ...own };
  return {
    beginLife: short(createBeginLife(deps)),
    claimHost: short(createClaimHost(deps)),
    writeReprovisionPlan: short(createWriteReprovisionPlan(deps)),
    awaitPlanResult: waiting(createAwaitPlanResult(deps)),
    completeProvisioning: short(createCompleteProvisioning(deps)),
    writeRebootPlan: short(createWriteRebootPlan(deps)),
    settleReboot: short(createSettleReboot(deps)),
    markHostUnavailable: short(createMarkHostUnavailable(deps)),
    writeCleanPlan: short(createWriteCleanPlan(deps)),
    releaseHost: short(createReleaseHost(deps)),
    forceReleaseHost: short(createForceReleaseHost(deps)),
    confirmGone: short(createConfirmGone(deps)),
    finishMachine: short(createFinishMachine(deps)),
    recordJournal: createRecordJournal(deps.journal),
    publishStatus: short((input: { machine: MachineRef; status: NumberedStatus }) =>
      publishDesiredStatus(deps, startFence(), input.machine, input.status),
    ),
  };
}

export type Activities = ReturnType<typeof createActivities>;
export type { GivenDependencies, StepMeter } from './step/dependencies.ts';
export { type JournalSink, journaling } from './step/journaling.ts';

/** A short step: ends with an outcome, soon, whatever happens. */
function short<Input, Output>(
  activity: (input: Input) => Promise<Output>,
): (input: Input) => Promise<Output | StepStopped> {
  return (input) => endingSoon(() => activity(input));
}

/** The wait for a host, which has one attempt. */
function waiting<Input, Output>(activity: (input: Input) => Promise<Output>): (input: Input) => Promise<Output> {
  return (input) => translatingFailures(() => activity(input));
}
