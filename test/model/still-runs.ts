import { WorkflowNotFoundError } from '@temporalio/client';
import { machineWorkflowId } from '../../domain/life/run-id.ts';
import { waitFor } from '../support/wait-for.ts';
import type { Machine } from './history.ts';
import type { Lane } from './lane.ts';
import type { Scene } from './outcome.ts';

/** In so short a time a run at rest writes nothing; the limit is 30 events a minute. */
const STILL_MS = 700;
/** The bridge believes the listing that a machine has no run once it has told it nothing for a minute; then a run begins. */
const MAX_UNREST_MS = 100_000;

/**
 * Waits until every machine that is not on its way out has a run, and none of them writes to its history.
 * @throws DeadlineError if one goes on for ever
 */
export async function untilRunsAreStill({ lane }: Scene): Promise<void> {
  const described = (): Machine[] =>
    [...lane.history.machines.values()].filter(({ metadata }) => metadata.deletionTimestamp === undefined);
  let [before, now] = ['', ''];
  await waitFor(
    'at rest every machine has a run that is still',
    async () => {
      before = now;
      now = (await Promise.all(described().map((one) => describeRun(lane, one)))).join(', ');
      return before === now && !now.includes(NO_RUN);
    },
    () => [before, now],
    { timeoutMs: MAX_UNREST_MS, everyMs: STILL_MS },
  );
}

const NO_RUN = 'has no run';

async function describeRun({ temporal }: Lane, { metadata }: Machine): Promise<string> {
  try {
    const run = await temporal.workflow.getHandle(machineWorkflowId(metadata)).describe();
    const length = `${metadata.name} ${run.runId} ${run.historyLength}`;
    return run.status.name === 'RUNNING' ? length : `${metadata.name} ${NO_RUN}: ${run.status.name}`;
  } catch (error) {
    if (error instanceof WorkflowNotFoundError) return `${metadata.name} ${NO_RUN}`;
    throw error;
  }
}
