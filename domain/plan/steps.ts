/** Steps of the reprovision script, in order; names stand in outputs of hosts and in condition messages. */
export const reprovisionSteps = [
  'prepare',
  'stage-seed',
  'write-cleanup-marker',
  'clean-cloud-init',
  'install-seed',
  'upgrade',
  'write-mark',
  'schedule-reboot',
] as const;

/** Steps of the clean script, in order. */
export const cleanSteps = ['prepare', 'cancel-reboot', 'stop-kubelet', 'remove-pods', 'stop-containerd'] as const;

export type ReprovisionStep = (typeof reprovisionSteps)[number];
export type CleanStep = (typeof cleanSteps)[number];
export type PlanStep = ReprovisionStep | CleanStep;

/** The step of ours that a text names. */
export function findPlanStep(name: string): PlanStep | undefined {
  return [...reprovisionSteps, ...cleanSteps].find((step) => step === name);
}
