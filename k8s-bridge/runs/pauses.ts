import type { Client, WorkflowExecutionInfo } from '@temporalio/client';
import { defineSearchAttributeKey, WorkflowNotFoundError } from '@temporalio/common';
import type { MachineRef } from '../../domain/inputs/machine-snapshot.ts';
import { machineWorkflowId } from '../../domain/life/run-id.ts';
import type { TemporalPause } from '../../domain/report/pause-news.ts';

/** Kept by the server, in runs of which something is paused or was. */
const pauseInfoKey = defineSearchAttributeKey('TemporalPauseInfo', 'KEYWORD_LIST');

/** A run of a listing, or a step of it, is paused. */
export function isPaused({ status, typedSearchAttributes }: WorkflowExecutionInfo): boolean {
  return status.name === 'PAUSED' || (typedSearchAttributes.get(pauseInfoKey) ?? []).length > 0;
}

/** What is paused in that run, the run itself first. */
export async function readPauses(
  client: Client,
  { runId, ...machine }: MachineRef & { runId: string },
): Promise<TemporalPause[]> {
  try {
    const { raw, status } = await client.workflow.getHandle(machineWorkflowId(machine), runId).describe();
    const { pauseInfo } = raw.workflowExtendedInfo ?? {};
    const run = { step: undefined, ...readWords(pauseInfo), sinceMs: readMs(pauseInfo?.pausedTime) };
    const steps = (raw.pendingActivities ?? []).flatMap(({ activityType, paused, pauseInfo: info }) =>
      paused === true
        ? [{ step: activityType?.name ?? '', ...readWords(info?.manual), sinceMs: readMs(info?.pauseTime) }]
        : [],
    );
    return status.name === 'PAUSED' ? [run, ...steps] : steps;
  } catch (error) {
    if (error instanceof WorkflowNotFoundError) return [];
    throw error;
  }
}

type Words = { identity?: string | null; reason?: string | null } | null | undefined;

function readWords(words: Words): { by: string; reason: string } {
  return { by: words?.identity ?? '', reason: words?.reason ?? '' };
}

function readMs(time: { seconds?: unknown } | null | undefined): number {
  return Number(time?.seconds ?? 0) * 1_000;
}
