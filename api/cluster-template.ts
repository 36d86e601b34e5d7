import { z } from 'zod';
import { baremetalClusterSpecSchema } from './cluster.ts';
import { API_GROUP_VERSION } from './constants.ts';
import { objectMetaSchema } from './meta.ts';
import { templateMetadataSchema } from './template-metadata.ts';

/** Template of the `BaremetalCluster`s of a ClusterClass. */
export const baremetalClusterTemplateSchema = z.object({
  apiVersion: z.literal(API_GROUP_VERSION),
  kind: z.literal('BaremetalClusterTemplate'),
  metadata: objectMetaSchema,
  spec: z
    .object({
      template: z
        .object({
          metadata: templateMetadataSchema,
          spec: baremetalClusterSpecSchema.default({}),
        })
        .describe('What the BaremetalCluster of each cluster of the class is made from.'),
    })
    .describe('Immutable: make a new template and name it in the ClusterClass instead.'),
});
