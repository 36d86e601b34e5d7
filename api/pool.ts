import { z } from 'zod';
import { acceptanceSchema } from './acceptance.ts';
import { API_GROUP_VERSION } from './constants.ts';
import { objectNameSchema } from './machine.ts';
import { conditionSchema, objectMetaSchema } from './meta.ts';
import { MAX_SLOTS } from './slots.ts';

export const poolMemberSchema = z.object({
  name: objectNameSchema.describe('Name of a MachineInventory in the same namespace.'),
  hostname: z
    .string()
    .min(1)
    .max(63)
    .regex(/^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$/)
    .optional()
    .describe(
      "Host name of the node (DNS-1123, at most 63 characters, as Linux has it); the inventory's name by default.",
    ),
});
export type PoolMember = z.infer<typeof poolMemberSchema>;

export const machineInventoryPoolSpecSchema = z
  .object({
    clusterName: objectNameSchema.describe('Name of the Cluster that the pool serves.'),
    machineInventories: z
      .array(poolMemberSchema)
      .max(10_000)
      .default([])
      .describe('The hosts, in order of preference. Each name stands once.'),
    acceptance: acceptanceSchema.optional(),
    maxConcurrentReprovisions: z
      .int()
      .min(1)
      .max(MAX_SLOTS)
      .optional()
      .describe(
        'How many hosts may be at a reprovision plan at a time; machines wait for their turn. Default: no limit.',
      ),
  })
  .describe('Which hosts one machine group may use.');

const count = z.int().min(0);
export const machineInventoryPoolStatusSchema = z
  .object({
    total: count.optional().describe('Number of hosts that the spec names.'),
    available: count.optional().describe('Hosts that can be claimed now.'),
    allocated: count.optional().describe('Hosts in use by a machine.'),
    preparing: count.optional().describe('Hosts that run, or wait for, a clean plan.'),
    reprovisioning: count.optional().describe('Hosts that run a reprovision plan.'),
    unavailable: count.optional().describe('Hosts that cannot be used; see the condition MembersValid.'),
    slots: z
      .object({
        limit: count.describe('How many hosts of the pool may be at a reprovision plan at a time.'),
        used: count.describe('Machines that are at one, or are about to be.'),
        waiting: count.describe('Machines that wait for their turn.'),
      })
      .optional()
      .describe('How maxConcurrentReprovisions is used; absent without it.'),
    conditions: z.array(conditionSchema).optional().describe('Observations of the current state.'),
  })
  .describe('available + allocated + preparing + reprovisioning + unavailable = total.');
export type MachineInventoryPoolStatus = z.infer<typeof machineInventoryPoolStatusSchema>;

export const machineInventoryPoolSchema = z.object({
  apiVersion: z.literal(API_GROUP_VERSION),
  kind: z.literal('MachineInventoryPool'),
  metadata: objectMetaSchema,
  spec: machineInventoryPoolSpecSchema,
  status: machineInventoryPoolStatusSchema.optional(),
});
/** The ordered list of hosts that one machine group may use. */
export type MachineInventoryPool = z.infer<typeof machineInventoryPoolSchema>;
