import { z } from 'zod';
import { objectMetaSchema } from './meta.ts';

/** Read side of CAPI's `Machine`. */
export const capiMachineSchema = z.object({
  metadata: objectMetaSchema,
  spec: z.object({
    clusterName: z.string(),
    version: z.string().optional(),
    providerID: z.string().optional(),
    failureDomain: z.string().optional(),
    // What is only shown is taken as it stands: no shape of it makes the object unreadable.
    bootstrap: z.object({ dataSecretName: z.string().optional(), configRef: z.unknown().optional() }).default({}),
  }),
  status: z
    .object({
      nodeRef: z.object({ name: z.string() }).optional(),
      phase: z.string().optional(),
      conditions: z.unknown().optional(),
    })
    .optional(),
});
export type CapiMachine = z.infer<typeof capiMachineSchema>;

/** Read side of CAPI's `Cluster`. */
export const capiClusterSchema = z.object({
  metadata: objectMetaSchema,
  spec: z
    .object({
      paused: z.boolean().optional(),
      // CAPI leaves both fields at their zero values until somebody sets them.
      controlPlaneEndpoint: z.object({ host: z.string().default(''), port: z.int().default(0) }).optional(),
      infrastructureRef: z.object({ kind: z.string(), name: z.string() }).optional(),
      controlPlaneRef: z.object({ apiGroup: z.string().default(''), kind: z.string(), name: z.string() }).optional(),
    })
    .default({}),
  status: z
    .object({
      initialization: z.object({ infrastructureProvisioned: z.boolean().optional() }).optional(),
      conditions: z.unknown().optional(),
    })
    .optional(),
});
export type CapiCluster = z.infer<typeof capiClusterSchema>;
