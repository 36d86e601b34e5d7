import { z } from 'zod';
import { API_GROUP_VERSION } from './constants.ts';
import { conditionSchema, objectMetaSchema } from './meta.ts';

const port = z.int().min(1).max(65535);

export const controlPlaneEndpointSchema = z.object({
  host: z.string().min(1).max(512).describe('Host name or address of the API server.'),
  port: port.describe('Port of the API server.'),
});

export const baremetalClusterSpecSchema = z
  .object({
    controlPlaneEndpoint: controlPlaneEndpointSchema
      .optional()
      .describe('Where the API server is reached. Backfilled from controlPlaneLoadBalancer; never changes once set.'),
    controlPlaneLoadBalancer: z
      .object({
        type: z
          .enum(['Internal', 'External'])
          .default('Internal')
          .describe('Internal: a virtual IP on the control plane hosts. External: provided by somebody else.'),
        host: z.string().min(1).max(512).optional().describe('Address of the load balancer.'),
        port: port.optional().describe('Port of the load balancer.'),
        vrid: z.int().min(0).max(255).optional().describe('VRRP router id; required for Internal.'),
      })
      .optional()
      .describe('The load balancer in front of the API servers.'),
    networkType: z.string().optional().describe('Network plugin of the cluster, for the platform.'),
  })
  .describe('What the cluster asks of its infrastructure.');

export const failureDomainSchema = z.object({
  name: z.string().min(1).max(256).describe('What the label of the inventories says.'),
  controlPlane: z.boolean().describe('A pool that control planes use has hosts there.'),
});
export type FailureDomain = z.infer<typeof failureDomainSchema>;

export const baremetalClusterSchema = z.object({
  apiVersion: z.literal(API_GROUP_VERSION),
  kind: z.literal('BaremetalCluster'),
  metadata: objectMetaSchema,
  spec: baremetalClusterSpecSchema.default({}),
  status: z
    .object({
      ready: z.boolean().optional().describe('CAPI contract v1beta1: the infrastructure is provisioned.'),
      initialization: z
        .object({
          provisioned: z.boolean().optional().describe('CAPI contract v1beta2: the infrastructure is provisioned.'),
        })
        .optional()
        .describe('Observations that CAPI uses during initial provisioning.'),
      failureDomains: z
        .array(failureDomainSchema)
        .max(100)
        .optional()
        .describe("Where the hosts of the cluster's pools stand, in the form of CAPI contract v1beta2."),
      conditions: z.array(conditionSchema).optional().describe('Observations of the current state.'),
    })
    .optional()
    .describe('What was observed of the infrastructure.'),
});
/** The infrastructure of one workload cluster: its API endpoint. */
export type BaremetalCluster = z.infer<typeof baremetalClusterSchema>;
