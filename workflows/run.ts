import type { MachineRef } from '../domain/inputs/machine-snapshot.ts';
import { type BoundHost, hostOf, type MachineLife, type WrittenPlan } from '../domain/life/machine-life.ts';
import { type NumberedStatus, projectStatus } from '../domain/report/machine-status.ts';
import { shortStep } from './activity-proxies.ts';

/** What a run keeps besides its machine's life. */
export interface Run {
  machine: MachineRef;
  /** null until the first snapshot has arrived. */
  life: MachineLife | null;
  /** Status that was written last, as JSON; spares activities that would change nothing. */
  published: string | null;
  /** Counts the statuses of this run. */
  statusNumber: number;
  /** Waits that were given up: the server keeps their activities, and so their ids, until the host answers. */
  abandonedWaits: Set<string>;
  /** Waits in a row whose activity broke. */
  brokenWaits: number;
  /** Somebody pressed "Request Cancellation". */
  cancelNoted: boolean;
}

/** Writes the status if it says something new. */
export async function publishStatus(run: Run, life: MachineLife): Promise<void> {
  if (!showsSomethingNew(run, life)) return;
  const status = take(run, life);
  await shortStep(`Report ${status.phase ?? 'Paused'}`).publishStatus({ machine: run.machine, status });
}

/** Whether the status as it would be written now differs from what was written last. */
export function showsSomethingNew(run: Run, life: MachineLife): boolean {
  return !life.snapshot.gone && JSON.stringify(projectStatus(life)) !== run.published;
}

/** The status to write now, noted as written: an activity that carries it is retried until it is. */
export function take(run: Run, life: MachineLife): NumberedStatus {
  const status = projectStatus(life);
  run.published = JSON.stringify(status);
  run.statusNumber += 1;
  return { ...status, number: run.statusNumber };
}

/** Changes the life as it is now: signals may have moved it since a step began. */
export function update(run: Run, change: (life: MachineLife) => MachineLife): void {
  if (run.life !== null) run.life = change(run.life);
}

/** @throws TypeError when the stage holds no host: `nextStep` and the stages disagree */
export function hostIn(life: MachineLife): BoundHost {
  const host = hostOf(life.stage);
  if (host === undefined) throw new TypeError(`Stage ${life.stage.kind} holds no host`);
  return host;
}

/** @throws TypeError when the stage holds no plan: `nextStep` and the stages disagree */
export function planIn({ stage }: MachineLife): WrittenPlan {
  const plan = 'plan' in stage ? stage.plan : null;
  if (plan === null) throw new TypeError(`Stage ${stage.kind} holds no plan`);
  return plan;
}
