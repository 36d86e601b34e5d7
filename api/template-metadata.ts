import { z } from 'zod';

/** Labels and annotations that a template gives to what is made from it. */
export const templateMetadataSchema = z
  .object({
    labels: z.record(z.string(), z.string()).optional().describe('Labels of what is made from the template.'),
    annotations: z.record(z.string(), z.string()).optional().describe('Annotations of what is made from the template.'),
  })
  .optional()
  .describe('Metadata of what is made from the template.');
