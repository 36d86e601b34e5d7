import { isGrpcDeadlineError, WorkflowNotFoundError, WorkflowUpdateFailedError } from '@temporalio/client';
import { annotations } from '../../api/constants.ts';
import { baremetalMachines, type Resource } from '../../api/resources.ts';
import { elementalInventories } from '../../dev/elemental/inventory.ts';
import type { OperatorVerb } from '../../domain/life/machine-life.ts';
import { isNotFound, isRefusal } from '../../runtime/kube/client.ts';
import { machineWorkflowId } from '../../domain/life/run-id.ts';
import { findDetails, grpcCodes } from '../../runtime/temporal/connection.ts';
import { operationSignals, operationUpdates } from '../../workflows/messages.ts';
import type { OperationWay } from './command.ts';
import type { Machine } from './history.ts';
import type { Lane } from './lane.ts';
import { hears, pick } from './model-state.ts';
import type { Outcome, Scene } from './outcome.ts';

const UPDATE_TIMEOUT_MS = 15_000;

interface Operation {
  verb: OperatorVerb;
  way: OperationWay;
  nth: number;
}

/** Asks for a verb on any machine that is there. An update needs a worker that answers. */
export async function operateMachine({ lane, model }: Scene, { verb, way, nth }: Operation): Promise<Outcome> {
  const machines = [...model.machines.keys()].flatMap((name) => lane.history.machines.get(name) ?? []);
  const needy = machines.filter((one) => needs(one, verb));
  const machine = pick(nth % 4 > 0 && needy.length > 0 ? needy : machines, nth);
  if (machine === undefined || (way === 'update' && !hears(model))) return 'skipped';
  if (verb === 'reallocate' || verb === 'forceRelease') model.askedToGiveUp.add(machine.metadata.name);
  switch (way) {
    case 'update':
      return updateMachine(lane, machine, verb);
    case 'signal':
      return unlessGone(() =>
        lane.temporal.workflow
          .getHandle(machineWorkflowId(machine.metadata))
          .signal(operationSignals[verb], { actor: 'model by signal', reason: 'it is random' }),
      );
    case 'annotation':
      return annotate(lane, baremetalMachines, machine.metadata.name, verb);
  }
}

/** Whether an operator would think of the verb. */
function needs({ metadata, status }: Machine, verb: OperatorVerb): boolean {
  const { phase } = status ?? {};
  switch (verb) {
    case 'retry':
    case 'reallocate':
      return phase === 'Failed' || phase === 'Reprovisioning';
    case 'reboot':
      return phase === 'Running';
    case 'forceRelease':
      return metadata.deletionTimestamp !== undefined || phase === 'Preparing';
    case 'pause':
    case 'resume':
      return status?.lastOperation?.verb === 'pause' && verb === 'resume';
  }
}

/** Asks and waits for the answer. */
export async function updateMachine({ temporal }: Lane, { metadata }: Machine, verb: OperatorVerb): Promise<Outcome> {
  const request = { actor: 'model by update', reason: 'it is random' };
  try {
    await temporal.withDeadline(Date.now() + UPDATE_TIMEOUT_MS, () =>
      temporal.workflow
        .getHandle(machineWorkflowId(metadata))
        .executeUpdate(operationUpdates[verb], { args: [request] }),
    );
    return 'accepted';
  } catch (error) {
    if (error instanceof WorkflowUpdateFailedError) return 'refused';
    if (error instanceof WorkflowNotFoundError) return 'skipped';
    if (isGrpcDeadlineError(error)) return 'asked';
    // Somebody has paused the run.
    if (findDetails(error, grpcCodes.failedPrecondition) !== undefined) return 'refused';
    throw error;
  }
}

export async function unquarantineHost({ lane }: Scene, nth: number): Promise<Outcome> {
  const quarantined = [...lane.history.hosts.values()].filter(
    ({ metadata }) => annotations.quarantine in metadata.annotations,
  );
  const host = pick(quarantined, nth);
  return host === undefined ? 'skipped' : annotate(lane, elementalInventories, host.metadata.name, 'unquarantine');
}

function annotate(
  { client, namespace }: Lane,
  resource: Resource<unknown>,
  name: string,
  text: string,
): Promise<Outcome> {
  return unlessGone(() =>
    client.patch(resource, { namespace, name }, { metadata: { annotations: { [annotations.operation]: text } } }),
  );
}

async function unlessGone(ask: () => Promise<unknown>): Promise<Outcome> {
  try {
    await ask();
    return 'asked';
  } catch (error) {
    if (isNotFound(error) || error instanceof WorkflowNotFoundError) return 'skipped';
    if (isRefusal(error)) return 'refused';
    throw error;
  }
}
