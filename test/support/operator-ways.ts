import { WorkflowUpdateFailedError } from '@temporalio/client';
import { expect } from 'vitest';
import { annotations } from '../../api/constants.ts';
import { baremetalMachines } from '../../api/resources.ts';
import type { OperatorVerb } from '../../domain/life/machine-life.ts';
import type { MachineRef } from '../../domain/inputs/machine-snapshot.ts';
import { lifeQuery, operationSignals, operationUpdates } from '../../workflows/messages.ts';
import { runCli } from './cli.ts';
import { findMachine } from './machines.ts';
import { readEvents } from './object-events.ts';
import { runOf } from './runs.ts';
import type { Site } from './site.ts';
import { waitFor } from './wait-for.ts';

/** What an operator is told. */
export interface Answer {
  accepted: boolean;
  text: string;
}

/** One of the ways in which an operator asks a machine's run for something. */
export interface OperatorWay {
  /** As whom status and history then know the operator. */
  actor: string;
  /** A refused request leaves a trace, in history and status. */
  recordsRefusals: boolean;
  /** Asks, and waits for the answer where it is to be read. */
  ask(machine: MachineRef, verb: OperatorVerb, reason: string): Promise<Answer>;
}

export const wayNames = ['update', 'signal', 'annotation', 'CLI'] as const;
export type WayName = (typeof wayNames)[number];

/** The four ways to ask for a verb at a site. */
export function createWays(site: Site): Record<WayName, OperatorWay> {
  const own = (name: string, ask: OperatorWay['ask'], recordsRefusals = false): OperatorWay => ({
    actor: name,
    recordsRefusals,
    ask,
  });
  return {
    update: own('ada', (machine, verb, reason) => askByUpdate(site, machine, verb, { actor: 'ada', reason })),
    signal: own('grace', (machine, verb, reason) => askBySignal(site, machine, verb, { actor: 'grace', reason }), true),
    annotation: own('operation annotation', (machine, verb, reason) => askByAnnotation(site, machine, verb, reason)),
    CLI: own('edsger', (machine, verb, reason) => askByCli(machine, verb, { actor: 'edsger', reason })),
  };
}

interface Request {
  actor: string;
  reason: string;
}

async function askByUpdate(site: Site, machine: MachineRef, verb: OperatorVerb, request: Request): Promise<Answer> {
  try {
    const { answer } = await runOf(site, machine).executeUpdate(operationUpdates[verb], { args: [request] });
    return { accepted: true, text: answer };
  } catch (error) {
    if (!(error instanceof WorkflowUpdateFailedError)) throw error;
    return { accepted: false, text: error.cause?.message ?? '' };
  }
}

/** Nothing comes back: what became of a signal is what the run knows of its last operation. */
async function askBySignal(site: Site, machine: MachineRef, verb: OperatorVerb, request: Request): Promise<Answer> {
  const run = runOf(site, machine);
  await run.signal(operationSignals[verb], request);
  return waitFor(`the run of ${machine.name} has judged ${verb}`, async () => {
    const record = (await run.query(lifeQuery))?.lastOperation;
    return record?.reason === request.reason && { accepted: record.accepted, text: record.answer };
  });
}

/** The answer is an Event; then the annotation, and the id that it got, are gone. */
async function askByAnnotation(site: Site, { name }: MachineRef, verb: OperatorVerb, reason: string): Promise<Answer> {
  const idOf = (event: { reason: string; message: string }): string => `${event.reason} ${event.message}`;
  const before = new Set((await readEvents(site, name)).map(idOf));
  const metadata = { annotations: { [annotations.operation]: `${verb}: ${reason}` } };
  await site.client.patch(baremetalMachines, { namespace: site.namespace, name }, { metadata });
  const told = await waitFor(
    `an Event answers ${verb} of ${name}`,
    async () =>
      (await readEvents(site, name)).find(
        (event) =>
          event.reason.startsWith('Operation') && event.message.startsWith(`${verb}: `) && !before.has(idOf(event)),
      ),
    () => readEvents(site, name),
  );
  const accepted = told.reason === 'OperationAccepted';
  if (!accepted) expect(told.reason).toBe('OperationRefused');
  expect(told.type).toBe(accepted ? 'Normal' : 'Warning');
  await waitFor(`the annotation of ${name} is consumed`, async () => {
    const notes = (await findMachine(site, name))?.metadata.annotations ?? {};
    return !(annotations.operation in notes) && !(annotations.operationId in notes);
  });
  return { accepted, text: told.message.slice(`${verb}: `.length) };
}

async function askByCli(machine: MachineRef, verb: OperatorVerb, { actor, reason }: Request): Promise<Answer> {
  const command = verb.replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
  const name = `${machine.namespace}/${machine.name}`;
  const { code, stdout, stderr } = await runCli(machine.namespace, command, name, '--reason', reason, '--actor', actor);
  if (code === 0) {
    expect(stderr).toBe('');
    return { accepted: true, text: stdout.trim() };
  }
  expect([code, stdout]).toEqual([1, '']);
  expect(stderr).toMatch(/^refused: /);
  return { accepted: false, text: stderr.trim().replace('refused: ', '') };
}
