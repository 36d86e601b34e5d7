import { z } from 'zod';
import { API_GROUP_VERSION } from './constants.ts';
import { baremetalMachineSpecSchema } from './machine.ts';
import { conditionSchema, objectMetaSchema } from './meta.ts';
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

export const nodeInfoSchema = z.object({
  architecture: z.enum(['amd64', 'arm64', 's390x', 'ppc64le']).describe('As Go calls it.'),
  operatingSystem: z.literal('linux').describe('As Go calls it.'),
});
export type NodeInfo = z.infer<typeof nodeInfoSchema>;

/** Template of `BaremetalMachine`s. */
export const baremetalMachineTemplateSchema = z.object({
  apiVersion: z.literal(API_GROUP_VERSION),
  kind: z.literal('BaremetalMachineTemplate'),
  metadata: objectMetaSchema,
  spec: baremetalMachineTemplateSpecSchema,
  status: z
    .object({
      capacity: z
        // The autoscaler reads none of them if one is a number.
        .record(z.string(), z.string())
        .optional()
        .describe(
          'What each host of the pool has at least (cpu, memory, …); lets the cluster autoscaler scale from zero.',
        ),
      nodeInfo: nodeInfoSchema.optional().describe('Of which kind the nodes are, where all hosts are of one.'),
      conditions: z.array(conditionSchema).optional().describe('Observations of the current state.'),
    })
    .optional()
    .describe('What is known of the hosts that the template leads to.'),
});
/** What the machines of a group are made from. */
export type BaremetalMachineTemplate = z.infer<typeof baremetalMachineTemplateSchema>;
