import { z } from 'zod';
import { API_GROUP_VERSION, machinePhases } from './constants.ts';
import { conditionSchema, machineAddressSchema, objectMetaSchema } from './meta.ts';

/** DNS-1123 subdomain, as Kubernetes demands of most object names. */
export const objectNameSchema = z
  .string()
  .min(1)
  .max(253)
  .regex(/^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$/);

export const poolRefSchema = z
  .object({ name: objectNameSchema.describe('Name of a MachineInventoryPool in the same namespace.') })
  .describe('The pool from which the host is taken.');

export const allocationPolicySchema = z
  .enum(['Ordered', 'Spread'])
  .describe(
    'How a host is chosen in the pool. Ordered, which absence means: the first eligible host in the declared order. Spread, where the Machine names no failure domain: the first one in the failure domain that has the fewest machines of the same group. Immutable.',
  );

export const hostReuseSchema = z
  .enum(['None', 'Prefer'])
  .describe(
    'Prefer: hosts on which a machine of the same group ran last come before others, then the allocationPolicy decides; nothing is waited for. None, which absence means: the past does not matter. Immutable.',
  );

export const baremetalMachineSpecSchema = z
  .object({
    machineInventoryPoolRef: poolRefSchema,
    allocationPolicy: allocationPolicySchema.optional(),
    hostReuse: hostReuseSchema.optional(),
    providerID: z
      .string()
      .min(1)
      .max(512)
      .optional()
      .describe('baremetal:///<inventory>; set by the provider when the host is provisioned, then immutable.'),
  })
  .describe('What the machine asks for.');

export const baremetalMachineStatusSchema = z
  .object({
    phase: z.enum(machinePhases).optional().describe('Summary of where the machine is in its life; for people only.'),
    ready: z
      .boolean()
      .optional()
      .describe('CAPI contract v1beta1: the infrastructure is provisioned. Never flips back.'),
    initialization: z
      .object({
        provisioned: z
          .boolean()
          .optional()
          .describe('CAPI contract v1beta2: the infrastructure is provisioned. Never flips back.'),
      })
      .optional()
      .describe('Observations that CAPI uses during initial provisioning.'),
    machineInventoryRef: z
      .object({ name: z.string().describe('Name of the MachineInventory.') })
      .optional()
      .describe('The host that the machine uses.'),
    planSecretRef: z
      .object({ name: z.string().describe('Name of the plan Secret.') })
      .optional()
      .describe('The Secret through which the host gets its plans.'),
    avoidedInventories: z
      .array(z.string())
      .optional()
      .describe('Hosts that an operator gave up for this machine by reallocate; it does not claim them again.'),
    pausedByOperator: z
      .boolean()
      .optional()
      .describe('An operator paused the machine; holds until resume, whatever becomes of its workflow run.'),
    failureDomain: z.string().optional().describe('Failure domain of the host, by the label of its inventory.'),
    awaitedFailureDomain: z
      .string()
      .optional()
      .describe('The failure domain of the Machine, while no host of it is free; absent otherwise.'),
    addresses: z.array(machineAddressSchema).optional().describe('Addresses of the host.'),
    nodeName: z
      .string()
      .optional()
      .describe('Name under which the host registers its Node, where the bootstrap data says it.'),
    failureReason: z.string().optional().describe('Only for what neither a retry nor an operator can mend.'),
    failureMessage: z.string().optional().describe('Message that belongs to failureReason.'),
    lastAppliedBootstrapHash: z
      .string()
      .optional()
      .describe('sha256 of the normalised bootstrap data that the host applied.'),
    lastAppliedPlanChecksum: z.string().optional().describe('sha256 of the plan that the host applied last.'),
    workflow: z
      .object({
        namespace: z.string().describe('Temporal namespace.'),
        workflowID: z.string().describe('Workflow id; find it in the Temporal UI.'),
      })
      .optional()
      .describe('The Temporal workflow that drives the machine.'),
    lastOperation: z
      .object({
        verb: z.string().describe('What was asked for: retry, reboot, reallocate, forceRelease, pause or resume.'),
        actor: z.string().describe('Who asked, as they say.'),
        reason: z.string().describe('Why, as they say.'),
        accepted: z.boolean().describe('Whether it made sense at that moment.'),
        answer: z.string().describe('What happens now, or why not.'),
      })
      .optional()
      .describe("The last request of an operator to the machine's workflow."),
    writtenBy: z
      .string()
      .optional()
      .describe('Run and number of the status, so that an older status of the run never replaces a newer one.'),
    observedInputs: z
      .string()
      .optional()
      .describe('Fingerprint of the inputs that the workflow acted on last; lets the bridge stay silent.'),
    conditions: z.array(conditionSchema).optional().describe('Observations of the current state.'),
  })
  .describe('What was observed of the machine.');
export type BaremetalMachineStatus = z.infer<typeof baremetalMachineStatusSchema>;

export const baremetalMachineSchema = z.object({
  apiVersion: z.literal(API_GROUP_VERSION),
  kind: z.literal('BaremetalMachine'),
  metadata: objectMetaSchema,
  spec: baremetalMachineSpecSchema,
  status: baremetalMachineStatusSchema.optional(),
});
/** The CAPI infra machine: borrows one host for the life of one node. */
export type BaremetalMachine = z.infer<typeof baremetalMachineSchema>;
