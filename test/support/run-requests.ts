import { defaultPayloadConverter } from '@temporalio/common';
import { z } from 'zod';
import { operatorVerbs } from '../../domain/life/machine-life.ts';
import type { MachineRef } from '../../domain/inputs/machine-snapshot.ts';
import { fetchHistory, type Site } from './site.ts';

type HistoryEvent = Awaited<ReturnType<typeof fetchHistory>>[number];
const requestSchema = z.object({ actor: z.string(), reason: z.string() });
const verbSchema = z.enum(operatorVerbs);

/** What operators asked the machine's run for, as its history keeps it: signals and accepted updates, oldest first. */
export async function readRequests(site: Site, machine: MachineRef) {
  return (await fetchHistory(site, { metadata: machine })).flatMap(readRequest);
}

function readRequest(event: HistoryEvent) {
  const signal = event.workflowExecutionSignaledEventAttributes;
  const update = event.workflowExecutionUpdateAcceptedEventAttributes?.acceptedRequest?.input;
  const verb = verbSchema.safeParse(signal?.signalName ?? update?.name);
  if (!verb.success) return [];
  const [payload] = (signal?.input ?? update?.args)?.payloads ?? [];
  const request = payload && requestSchema.safeParse(defaultPayloadConverter.fromPayload<unknown>(payload));
  // A payload that is no request was not taken for one.
  return request?.success === true ? [{ verb: verb.data, ...request.data }] : [];
}
