import { z } from 'zod';
import { annotations } from '../../api/constants.ts';
import type { KubeWrite } from './kube-gate.ts';

/** Each write that a worker does in the life of a machine, in order, by the step that does it. */
export const lifeWrites = {
  attach: {
    beginLife: ['addFinalizer', 'nameHostInStatus', 'swapOwner'],
    writeReprovisionPlan: ['storeResolvedValue', 'recordReprovisioning', 'writeReprovisionPlan'],
    'awaitPlanResult (reprovision)': ['reportReprovisioning'],
    completeProvisioning: ['recordAllocated', 'dropMaxFailures', 'setProviderId', 'reportProvisioned'],
    publishStatus: ['reportNodeJoined'],
  },
  detach: {
    writeCleanPlan: ['recordPreparing', 'writeCleanPlan'],
    'awaitPlanResult (clean)': ['reportPreparing'],
    releaseHost: ['dropMaxFailures', 'releaseOwner', 'dropFinalizer'],
  },
} as const;

type StepWrites<Steps> = Steps extends Record<string, readonly (infer Write)[]> ? Write : never;
export type LifeWrite = StepWrites<(typeof lifeWrites)['attach']> | StepWrites<(typeof lifeWrites)['detach']>;

const record = z.record(z.string(), z.string().nullable());
const bodySchema = z.looseObject({
  metadata: z
    .looseObject({ finalizers: z.array(z.string()).optional(), annotations: record.default({}) })
    .default({ annotations: {} }),
  spec: z.looseObject({ providerID: z.string().optional() }).default({}),
  status: z
    .looseObject({
      phase: z.string().nullish(),
      machineInventoryRef: z.object({ name: z.string() }).nullish(),
      conditions: z.array(z.looseObject({ type: z.string(), status: z.string() })).default([]),
    })
    .optional(),
  data: record.default({}),
});
type Body = z.infer<typeof bodySchema>;

/** A write of a life, and the object that it is about; the machine's or the host's name, by `resource`. */
export interface SeenWrite {
  write: LifeWrite;
  resource: 'baremetalmachines' | 'machineinventories' | 'secrets';
  name: string;
  /** `swapOwner`: the machine that takes the host. */
  newOwner: string | undefined;
}

/** Which write of a life this is; undefined for any other (an Event, a report on the way). */
export function recogniseLifeWrite({ method, resource, name, subresource, body }: KubeWrite): SeenWrite | undefined {
  if (method !== 'PATCH') return undefined;
  if (resource !== 'baremetalmachines' && resource !== 'machineinventories' && resource !== 'secrets') return undefined;
  const parsed = bodySchema.parse(body);
  const write =
    resource === 'baremetalmachines'
      ? recogniseOnMachine(subresource, parsed)
      : resource === 'machineinventories'
        ? recogniseOnInventory(parsed)
        : recogniseOnSecret(parsed);
  if (write === undefined) return undefined;
  const newOwner = parsed.metadata.annotations[annotations.ownerBaremetalMachine] ?? undefined;
  return { write, resource, name, newOwner };
}

function recogniseOnMachine(subresource: string, { metadata, spec, status }: Body): LifeWrite | undefined {
  if (subresource === '') {
    if (spec.providerID !== undefined) return 'setProviderId';
    if (metadata.finalizers === undefined) return undefined;
    return metadata.finalizers.length > 0 ? 'addFinalizer' : 'dropFinalizer';
  }
  const isTrue = (type: string): boolean =>
    status?.conditions.some((condition) => condition.type === type && condition.status === 'True') === true;
  switch (status?.phase) {
    // A machine that has said nothing yet names its host and no more.
    case undefined:
    case 'Pending':
    case 'Allocated':
      return (status?.machineInventoryRef ?? null) === null ? undefined : 'nameHostInStatus';
    case 'Reprovisioning':
      return 'reportReprovisioning';
    case 'Running':
      return isTrue('NodeJoined') ? 'reportNodeJoined' : 'reportProvisioned';
    case 'Preparing':
      return 'reportPreparing';
    default:
      return undefined;
  }
}

function recogniseOnInventory({ metadata }: Body): LifeWrite | undefined {
  if (typeof metadata.annotations[annotations.ownerUid] === 'string') return 'swapOwner';
  switch (metadata.annotations[annotations.allocationState]) {
    case 'Reprovisioning':
      return 'recordReprovisioning';
    case 'Allocated':
      return 'recordAllocated';
    case 'Preparing':
      return 'recordPreparing';
    case 'Available':
      return 'releaseOwner';
    default:
      return undefined;
  }
}

function recogniseOnSecret({ metadata, data }: Body): LifeWrite | undefined {
  if ('resolved-value' in data) return 'storeResolvedValue';
  if ('max-failures' in data && data['max-failures'] === null) return 'dropMaxFailures';
  switch (metadata.annotations[annotations.planType]) {
    case 'reprovision':
      return 'writeReprovisionPlan';
    case 'clean':
      return 'writeCleanPlan';
    default:
      return undefined;
  }
}
