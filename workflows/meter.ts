import type { MachinePhase } from '../api/constants.ts';
import { proxySinks } from '@temporalio/workflow';
import type { LifeSinks } from '../domain/life/meter.ts';
import { inventoryOf } from '../domain/life/lifecycle.ts';
import { noteStay } from '../domain/life/phases.ts';
import type { MachineLife } from '../domain/life/machine-life.ts';
import { phaseOf, projectStatus } from '../domain/report/status/machine-status.ts';
import { type Run, update } from './run.ts';

/** Tells the worker's metrics; leaves nothing in the history. */
export const { meter } = proxySinks<LifeSinks>();

/** Notes the phase in which the machine is now, and tells how long it was in the one before. */
export function notePhase(run: Run, life: MachineLife): void {
  const phase = phaseOf(life);
  if (phase === null) return;
  const stays = life.phases ?? [];
  const noted = noteStay(stays, { phase, sinceMs: Date.now(), ...reasonOf(life, phase), ...hostOf(life) });
  if (noted === stays) return;
  update(run, (now) => ({ ...now, phases: [...noted] }));
  const before = stays.at(-1);
  if (before !== undefined && before.phase !== phase) {
    meter.phaseLeft(before.phase, phase, (Date.now() - before.sinceMs) / 1000);
  }
}

/** Tells how long the machine was in its last phase. */
export function noteEnd({ phases }: MachineLife): void {
  const last = phases?.at(-1);
  if (last !== undefined) meter.phaseLeft(last.phase, 'Gone', (Date.now() - last.sinceMs) / 1000);
}

function hostOf({ stage }: MachineLife): { host?: string } {
  const host = inventoryOf(stage);
  return host === undefined ? {} : { host };
}

function reasonOf(life: MachineLife, phase: MachinePhase): { reason?: string } {
  if (phase !== 'Failed') return {};
  const reason = projectStatus(life).conditions.find(({ type }) => type === 'Ready')?.reason;
  return reason === undefined ? {} : { reason };
}
