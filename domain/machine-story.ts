import type { WaitReason } from './lifecycle.ts';
import type { MachineLife } from './machine-life.ts';
import { projectStatus } from './machine-status.ts';

const waits: Record<WaitReason, string> = {
  resume: 'Paused. It goes on when the Cluster and the object are unpaused.',
  move: 'clusterctl moves the cluster elsewhere. The host is not touched.',
  machine: 'Waits for a Machine of Cluster API to own the object.',
  clusterInfrastructure: "Waits for the Cluster's infrastructure (BaremetalCluster).",
  inputs: 'Waits for the obstacle below to go; it is noticed at once.',
  operator: 'Waits for an operator; see the conditions below.',
  node: 'Waits for the Node to register in the workload cluster.',
  deletion: 'Runs. Nothing to do until the machine is deleted.',
};

/** What the Temporal UI shows of a run as "current details": where it is, what it waits for, what can be done. Markdown. */
export function tellStory(life: MachineLife, doing: string): string {
  const status = projectStatus(life);
  const lines = [`**${status.phase ?? 'Paused'}** · ${doing}`];
  if (status.inventory !== null) lines.push(`- Host: \`${status.inventory}\``);
  for (const condition of status.conditions) {
    if (condition.status === 'False' && condition.type !== 'Paused' && condition.type !== 'Ready') {
      lines.push(`- ${condition.type}: **${condition.reason}** ${condition.message}`);
    }
  }
  return lines.join('\n');
}

export function describeWait(reason: WaitReason): string {
  return waits[reason];
}
