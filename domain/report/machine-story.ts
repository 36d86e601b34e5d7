import { assertNever } from '../assert-never.ts';
import type { Step, WaitReason } from '../life/step.ts';
import { type MachineLife, operatorVerbs } from '../life/machine-life.ts';
import { projectStatus } from './status/machine-status.ts';
import { judgeOperation } from '../life/operations.ts';

const waits: Record<WaitReason, string> = {
  resume: 'Paused. It goes on when the Cluster and the object are unpaused.',
  move: 'clusterctl moves the cluster elsewhere. The host is not touched.',
  machine: 'Waits for a Machine of Cluster API to own the object.',
  clusterInfrastructure: "Waits for the Cluster's infrastructure (BaremetalCluster).",
  inputs: 'Waits for the obstacle below to go; it is noticed at once.',
  slot: 'Waits for its turn; it goes on by itself.',
  operator: 'Waits for an operator; see below.',
  node: 'Waits for the Node to register in the workload cluster.',
  boot: 'Runs; waits for the host to say how it booted.',
  halt: 'Waits before it tries the step again that was stopped; anything that happens ends the wait.',
  deletion: 'Runs. Nothing to do until the machine is deleted.',
};

/**
 * What the Temporal UI shows of a run as "current details": where it is, what it does or waits for, and what an operator
 * can ask for now. Markdown.
 */
export function tellStory(life: MachineLife, step: Step): string {
  const status = projectStatus(life);
  const lines = [`**${status.phase ?? 'Paused'}** · ${describeStep(step)}`];
  if (status.inventory !== null) lines.push(`- Host: \`${status.inventory}\``);
  for (const condition of status.conditions) {
    if (condition.status === 'False' && condition.type !== 'Paused' && condition.type !== 'Ready') {
      lines.push(`- ${condition.type}: **${condition.reason}** ${condition.message}`);
    }
  }
  return [...lines, ...describeVerbs(life)].join('\n');
}

function describeVerbs(life: MachineLife): string[] {
  return operatorVerbs.flatMap((verb) => {
    const verdict = judgeOperation(life, verb);
    return verdict.accepted ? [`- \`${verb}\`: ${verdict.answer}`] : [];
  });
}

function describeStep(step: Step): string {
  switch (step.kind) {
    case 'wait':
      return waits[step.reason];
    case 'awaitPlan':
      return 'Waits for the host to apply its plan; the answer is noticed at once.';
    case 'begin':
      return 'Looks for what is there already.';
    case 'confirmGone':
      return 'Looks whether the machine is gone, as it was told.';
    case 'claim':
      return 'Claims a host of its pool.';
    case 'provision':
      return 'Writes the reprovision plan.';
    case 'complete':
      return 'The host has applied its plan; reports it as provisioned.';
    case 'reboot':
      return 'Writes the reboot plan.';
    case 'settleReboot':
      return 'The host has applied its reboot plan; waits for its boot from here on.';
    case 'markUnavailable':
      return 'Keeps the host out of its pool.';
    case 'clean':
      return 'Writes the clean plan.';
    case 'release':
      return 'Gives the host back to its pool.';
    case 'forceRelease':
      return 'Lets the host go uncleaned and quarantines it.';
    case 'finish':
      return 'Drops the finalizer.';
    case 'end':
      return `Over: ${step.outcome}.`;
    default:
      return assertNever(step);
  }
}
