import { z } from 'zod';
import { boundedValueSchema } from './bounded-value.ts';
import { conditionSchema, objectMetaSchema } from './meta.ts';

export const networkSchema = z.object({
  interfaces: z
    .array(
      z.object({
        name: z.string(),
        mac: z.string().optional(),
        mtu: z.int().optional(),
        addresses: z.array(z.string()).optional().describe('CIDR notation.'),
        kind: z.string().optional().describe('As Linux calls it: bond, vlan, bridge; a card has none.'),
        master: z.string().optional().describe('Name of the bond or bridge that it is a port of.'),
        mode: z.string().optional().describe('Of a bond without a keyfile.'),
        permanentMac: z.string().optional().describe('Of a port whose MAC is that of its bond.'),
      }),
    )
    .optional(),
  routes: z
    .array(
      z.object({
        destination: z.string().describe('CIDR, or "default".'),
        gateway: z.string().optional(),
        interface: z.string().optional().describe('Name or MAC of an interface.'),
        metric: z.int().optional(),
      }),
    )
    .optional(),
  dnsServers: z.array(z.string()).optional(),
  searchDomains: z.array(z.string()).optional(),
  connections: z.record(z.string(), z.string()).optional().describe('NetworkManager keyfiles by name.'),
});
/** Network of a host as recorded in the inventory (system.md section 4); upstream inventories lack it. */
export type HostNetwork = z.infer<typeof networkSchema>;

/**
 * Read side of elemental-operator's `MachineInventory`. Tolerant: unknown fields pass. `spec.network` and
 * `spec.observedNetwork` stay unparsed here, because upstream uses `spec.network` for something else;
 * `networkSchema` is applied where a plan is rendered, so that a bad network spoils only its own machine.
 */
export const machineInventorySchema = z.object({
  apiVersion: z.literal('elemental.cattle.io/v1beta1'),
  kind: z.literal('MachineInventory'),
  metadata: objectMetaSchema,
  spec: z
    .object({
      network: boundedValueSchema.optional(),
      observedNetwork: boundedValueSchema.optional(),
      storage: z.object({ volumes: z.array(z.unknown()).optional() }).optional(),
    })
    .default({}),
  status: z
    .object({
      // Counted before they are looked at: half a million of none take seconds.
      conditions: z
        .array(z.unknown())
        .max(1_000)
        .pipe(z.array(conditionSchema.partial({ lastTransitionTime: true, message: true, reason: true })))
        .optional(),
      plan: z
        .object({
          secretRef: z.object({ name: z.string(), namespace: z.string().optional() }).optional(),
          checksum: z.string().optional(),
          state: z.string().optional(),
        })
        .optional(),
      /** Of a fork of elemental-operator that manages storage; upstream has none. */
      storage: z
        .object({
          phase: z.string().optional(),
          operation: z.unknown().optional(),
          pendingSpecHash: z.unknown().optional(),
        })
        .optional(),
    })
    .optional(),
});
/** A physical server, owned by elemental-operator; outlives every node. */
export type MachineInventory = z.infer<typeof machineInventorySchema>;
