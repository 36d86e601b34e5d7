import { z } from 'zod';
import { API_GROUP_VERSION } from './constants.ts';
import { baremetalMachineSpecSchema } from './machine.ts';
import { objectMetaSchema } from './meta.ts';
import { templateMetadataSchema } from './template-metadata.ts';

export const baremetalMachineTemplateSpecSchema = z
  .object({
    template: z
      .object({
        metadata: templateMetadataSchema,
        spec: baremetalMachineSpecSchema.omit({ providerID: true }).describe('What each machine asks for.'),
      })
      .describe('What each machine of the group is made from.'),
  })
  .describe('Immutable: make a new template and name it in the MachineDeployment instead.');

/** Template of `BaremetalMachine`s. */
export const baremetalMachineTemplateSchema = z.object({
  apiVersion: z.literal(API_GROUP_VERSION),
  kind: z.literal('BaremetalMachineTemplate'),
  metadata: objectMetaSchema,
  spec: baremetalMachineTemplateSpecSchema,
  status: z
    .object({
      capacity: z
        .record(z.string(), z.union([z.string(), z.int()]))
        .optional()
        .describe('Resources of a host of the pool (cpu, memory, …); lets the cluster autoscaler scale from zero.'),
    })
    .optional()
    .describe('What is known of the hosts that the template leads to.'),
});
/** What the machines of a group are made from. */
export type BaremetalMachineTemplate = z.infer<typeof baremetalMachineTemplateSchema>;
