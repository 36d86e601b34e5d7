import { z } from 'zod';
import { API_GROUP_VERSION } from './constants.ts';
import { conditionSchema, objectMetaSchema } from './meta.ts';
import { templateMetadataSchema } from './template-metadata.ts';

const strategySchema = z.object({
  type: z.enum(['Reboot']).default('Reboot').describe('What is tried before the Machine is replaced.'),
  retryLimit: z.int().min(1).max(100).default(1).describe('How often the host is rebooted.'),
  timeoutSeconds: z
    .int()
    .min(100)
    .max(86_400)
    .default(600)
    .describe('How long a reboot may take, from its order until the Node is healthy again.'),
});

const specSchema = z.object({
  strategy: strategySchema
    .default({ type: 'Reboot', retryLimit: 1, timeoutSeconds: 600 })
    .describe('How it is tried to get the Node healthy.'),
});

export const remediationPhases = ['Running', 'Waiting', 'Succeeded', 'GivenUp'] as const;
export type RemediationPhase = (typeof remediationPhases)[number];

const statusSchema = z.object({
  phase: z
    .enum(remediationPhases)
    .optional()
    .describe(
      'Running: the host reboots. Waiting: for the Node, or until it may be rebooted. GivenUp: the Machine is replaced.',
    ),
  retryCount: z.int().min(0).optional().describe('How often the host was rebooted.'),
  lastRemediated: z.iso.datetime().optional().describe('When the last reboot was ordered.'),
  conditions: z.array(conditionSchema).optional().describe('Observations of the current state.'),
});

/** A MachineHealthCheck asks for an unhealthy Machine to be healed; it has the Machine's name. */
export const baremetalRemediationSchema = z.object({
  apiVersion: z.literal(API_GROUP_VERSION),
  kind: z.literal('BaremetalRemediation'),
  metadata: objectMetaSchema,
  spec: specSchema
    .default({ strategy: { type: 'Reboot', retryLimit: 1, timeoutSeconds: 600 } })
    .describe('What is asked for.'),
  status: statusSchema.optional().describe('How far it is.'),
});
export type BaremetalRemediation = z.infer<typeof baremetalRemediationSchema>;

/** What a MachineHealthCheck makes its requests from. */
export const baremetalRemediationTemplateSchema = z.object({
  apiVersion: z.literal(API_GROUP_VERSION),
  kind: z.literal('BaremetalRemediationTemplate'),
  metadata: objectMetaSchema,
  spec: z
    .object({
      template: z
        .object({ metadata: templateMetadataSchema, spec: specSchema.describe('What each request asks for.') })
        .describe('What each request is made from.'),
    })
    .describe('Named by MachineHealthChecks in spec.remediation.templateRef.'),
});
