import { defineSearchAttributeKey } from '@temporalio/common';
import { setCurrentDetails, upsertSearchAttributes, workflowInfo } from '@temporalio/workflow';
import { searchAttributeNames, WITHOUT_ATTRIBUTES_MEMO } from '../api/constants.ts';
import type { Step } from '../domain/life/step.ts';
import type { MachineLife } from '../domain/life/machine-life.ts';
import { latenessOf, projectStatus } from '../domain/report/status/machine-status.ts';
import { tellStory } from '../domain/report/machine-story.ts';
import { notePhase } from './meter.ts';
import { livesBy } from './patches.ts';
import type { Run } from './run.ts';

const inventoryKey = defineSearchAttributeKey(searchAttributeNames.inventory, 'KEYWORD');
const phaseKey = defineSearchAttributeKey(searchAttributeNames.phase, 'KEYWORD');
const reasonKey = defineSearchAttributeKey(searchAttributeNames.reason, 'KEYWORD');

/** Shows what the run is at. */
export type Presenter = (life: MachineLife, step: Step) => void;

/** Shows the run to people: current details at every step, search attributes where it comes to rest. */
export function createPresenter(run: Run): Presenter {
  let shown = '';
  return (life, step) => {
    notePhase(run, life);
    const note = run.cancelNoted
      ? '\n\nA cancellation was requested. It changes nothing: delete the machine instead.'
      : '';
    setCurrentDetails(tellStory(life, step) + note);
    if (step.kind !== 'wait' && step.kind !== 'awaitPlan' && step.kind !== 'end') return;
    const status = projectStatus(life);
    const [ready] = status.conditions;
    // That a Ready machine is paused is no reason here: histories of before have no such change.
    const late = ready?.status === 'True' ? latenessOf(status) : undefined;
    const told = late !== undefined && livesBy('tellLateness') ? late : ready?.type;
    const reason = (ready?.status === 'True' ? told : ready?.reason) ?? null;
    const next = JSON.stringify([status.inventory, status.phase, reason]);
    if (next === shown || step.kind === 'end') return;
    shown = next;
    const known = [
      { key: inventoryKey, value: status.inventory },
      { key: phaseKey, value: status.phase },
      { key: reasonKey, value: reason },
    ].filter(({ key }) => !isWithout(key.name));
    if (known.length > 0) upsertSearchAttributes(known);
  };
}

/** The namespace did not have the attribute when the run was started: with it, no task of the run could be completed. */
function isWithout(name: string): boolean {
  const without = workflowInfo().memo?.[WITHOUT_ATTRIBUTES_MEMO];
  return Array.isArray(without) && without.includes(name);
}
