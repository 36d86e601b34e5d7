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

/** Steps of the reboot script, in order. */
export const rebootSteps = ['prepare', 'write-mark', 'schedule-reboot'] as const;

/** Steps of the clean script, in order. */
export const cleanSteps = ['prepare', 'cancel-reboot', 'stop-kubelet', 'remove-pods', 'stop-containerd'] as const;

/** Steps of the script that looks at a host, in order. */
export const validateSteps = ['prepare', 'check'] as const;

export type ReprovisionStep = (typeof reprovisionSteps)[number];
export type RebootStep = (typeof rebootSteps)[number];
export type CleanStep = (typeof cleanSteps)[number];
export type PlanStep = ReprovisionStep | RebootStep | CleanStep | (typeof validateSteps)[number];

/** The step of ours that a text names. */
export function findPlanStep(name: string): PlanStep | undefined {
  return [...reprovisionSteps, ...rebootSteps, ...cleanSteps, ...validateSteps].find((step) => step === name);
}
