import { z } from 'zod';
import { conditionSchema } from '../../api/meta.ts';
import type { Resource } from '../../api/resources.ts';
import type { SecretData } from './plan-secret.ts';
import { readText } from './plan-secret.ts';

const planStatusSchema = z.looseObject({
  secretRef: z.looseObject({ namespace: z.string(), name: z.string() }).optional(),
  checksum: z.string().optional(),
  state: z.enum(['Applied', 'Failed']).optional(),
});

const statusSchema = z.looseObject({
  conditions: z.array(conditionSchema).default([]),
  plan: planStatusSchema.optional(),
});

/** A MachineInventory with everything that stands in it. */
export const elementalInventorySchema = z.looseObject({
  metadata: z.looseObject({
    namespace: z.string(),
    name: z.string(),
    uid: z.string(),
    resourceVersion: z.string(),
    deletionTimestamp: z.string().optional(),
    annotations: z.record(z.string(), z.string()).optional(),
    labels: z.record(z.string(), z.string()).optional(),
    finalizers: z.array(z.string()).optional(),
  }),
  spec: z.looseObject({}).default({}),
  status: statusSchema.optional(),
});
export type ElementalInventory = z.infer<typeof elementalInventorySchema>;
export type ElementalStatus = z.infer<typeof statusSchema>;

/** MachineInventories, read without losing fields. */
export const elementalInventories: Resource<ElementalInventory> = {
  group: 'elemental.cattle.io',
  version: 'v1beta1',
  plural: 'machineinventories',
  kind: 'MachineInventory',
  schema: elementalInventorySchema,
};

export const elementalFinalizer = 'machineinventory.elemental.cattle.io';

export const elementalAnnotations = {
  resettable: 'elemental.cattle.io/resettable',
  unmanaged: 'elemental.cattle.io/os.unmanaged',
  registrationIp: 'elemental.cattle.io/registration-ip',
  planType: 'elemental.cattle.io/plan.type',
} as const;

/** Whether the operator may still create the plan Secret: later it never makes it again. */
export function mayCreatePlanSecret(status: ElementalStatus | undefined): boolean {
  const ready = status?.conditions.find((condition) => condition.type === 'Ready');
  return ready === undefined || ready.reason === 'PlanCreationFailureReason';
}

type Condition = ElementalStatus['conditions'][number];

interface PlanSecretState {
  namespace: string;
  name: string;
  /** Undefined: the Secret is gone. */
  data: SecretData | undefined;
}

/**
 * Status of an inventory as elemental-operator computes it on each event of the plan Secret: any `applied-checksum`
 * counts, whatever plan it belongs to, and while nothing is reported `state` and `checksum` stay those of the plan
 * before. Conditions that did not change keep their transition time.
 */
export function computeElementalStatus(
  previous: ElementalStatus | undefined,
  secret: PlanSecretState,
  nowIso: string,
): ElementalStatus {
  const { ready, plan } = readPlanProgress(previous, secret);
  const desired = [
    ready,
    state('NetworkConfigReady', 'True', 'ReconcilingNetworkConfig', ''),
    state('AdoptionReady', 'False', 'WaitingToBeAdopted', 'waiting for a MachineInventorySelector'),
  ];
  const kept = previous?.conditions ?? [];
  const conditions = desired.map((condition): Condition => {
    const before = kept.find(({ type }) => type === condition.type);
    return {
      ...condition,
      lastTransitionTime: before?.status === condition.status ? before.lastTransitionTime : nowIso,
    };
  });
  const foreign = kept.filter(({ type }) => !desired.some((condition) => condition.type === type));
  return { ...previous, conditions: [...conditions, ...foreign], plan };
}

type PlanStatus = NonNullable<ElementalStatus['plan']>;
type UntimedCondition = Omit<Condition, 'lastTransitionTime'>;

function readPlanProgress(
  previous: ElementalStatus | undefined,
  { namespace, name, data }: PlanSecretState,
): { ready: UntimedCondition; plan: PlanStatus } {
  const stale: PlanStatus = { ...previous?.plan, secretRef: { namespace, name } };
  if (data === undefined)
    return { ready: state('Ready', 'False', 'PlanFailure', 'plan secret not found'), plan: stale };
  const applied = readText(data, 'applied-checksum');
  const failed = readText(data, 'failed-checksum');
  if (applied !== '') {
    const ready = state('Ready', 'True', 'PlanSuccessfullyApplied', 'plan successfully applied');
    return { ready, plan: { ...stale, state: 'Applied', checksum: applied } };
  }
  if (failed !== '') {
    const ready = state('Ready', 'False', 'PlanFailure', 'failed to apply plan');
    return { ready, plan: { ...stale, state: 'Failed', checksum: failed } };
  }
  return { ready: state('Ready', 'False', 'WaitingForPlan', 'waiting for plan to be applied'), plan: stale };
}

function state(type: string, status: Condition['status'], reason: string, message: string): UntimedCondition {
  return { type, status, reason, message };
}
