import type { SecretData } from '../../elemental/plan-secret.ts';
import type { HostPlan, OutputMap } from '../../elemental/host-plan.ts';

/** A run that a pass decided on. */
export interface PlanRun {
  plan: HostPlan;
  checksum: string;
  /** What the instructions see in CATTLE_AGENT_ATTEMPT_NUMBER. */
  attempt: number;
  mode: 'checksum' | 'plan-state';
  /** Keys as the result will be laid over them. */
  data: SecretData;
  /** To be written before anything runs (plan-state mode). */
  announcement: SecretData | undefined;
  /** Outputs that the new ones are added to. */
  outputs: OutputMap;
}
