import { checkKindNames } from './acceptance.ts';
import type { SchemaExtension } from './crd-schema.ts';

const fromTemplate =
  'is immutable: make another BaremetalMachineTemplate, and let the MachineDeployment replace the machine';

/** CEL rules and list keys of each kind, by path. Each message says what to do instead. */
export const crdExtensions = {
  BaremetalMachine: {
    'spec.machineInventoryPoolRef': {
      rules: [
        {
          rule: 'self == oldSelf',
          message:
            'machineInventoryPoolRef is immutable: make a BaremetalMachineTemplate that names the other pool, and let the MachineDeployment replace the machine',
        },
      ],
    },
    'spec.providerID': {
      rules: [
        {
          rule: "self.matches('^baremetal:///[a-z0-9]([-a-z0-9.]*[a-z0-9])?$')",
          message:
            'providerID must be baremetal:///<name of the MachineInventory>; leave it out and the provider sets it',
        },
      ],
    },
    spec: {
      rules: [
        {
          rule: '!has(oldSelf.providerID) || (has(self.providerID) && self.providerID == oldSelf.providerID)',
          message: 'providerID is immutable once set: delete the Machine to free its host instead',
        },
        {
          rule: "(has(self.allocationPolicy) ? self.allocationPolicy : 'Ordered') == (has(oldSelf.allocationPolicy) ? oldSelf.allocationPolicy : 'Ordered')",
          message: `allocationPolicy ${fromTemplate}`,
        },
        {
          rule: "(has(self.hostReuse) ? self.hostReuse : 'None') == (has(oldSelf.hostReuse) ? oldSelf.hostReuse : 'None')",
          message: `hostReuse ${fromTemplate}`,
        },
      ],
    },
  },
  BaremetalMachineTemplate: {},
  // What a rule of BaremetalCluster asks for, a patch of the ClusterClass may add: a template need not have it.
  BaremetalClusterTemplate: {},
  MachineInventoryPool: {
    'spec.acceptance.checks': { listMapKeys: ['name'] },
    'spec.acceptance.checks[]': {
      rules: [
        {
          rule: `[${checkKindNames.map((kind) => `has(self.${kind})`).join(', ')}].filter(isSet, isSet).size() == 1`,
          message: `a check looks at one thing: set exactly one of ${checkKindNames.join(', ')}`,
        },
      ],
    },
    'spec.acceptance.checks[].os': {
      rules: [
        {
          rule: 'has(self.id) || has(self.minVersion)',
          message: 'os asks for nothing: set id, minVersion or both',
        },
      ],
    },
    'spec.machineInventories': {
      listMapKeys: ['name'],
      rules: [
        {
          // A key that is there already ends the evaluation, and the API server names it. Comparing each with each costs too much from 500 members on.
          rule: 'self.transformMapEntry(i, member, {(has(member.hostname) ? member.hostname : member.name): i}).size() == self.size()',
          message:
            'two members have one host name (that of a member without a hostname is its name): give one of them a hostname of its own',
        },
      ],
    },
  },
  BaremetalCluster: {
    'status.failureDomains': { listMapKeys: ['name'] },
    spec: {
      rules: [
        {
          rule: '!has(oldSelf.controlPlaneEndpoint) || (has(self.controlPlaneEndpoint) && self.controlPlaneEndpoint == oldSelf.controlPlaneEndpoint)',
          message:
            'controlPlaneEndpoint never changes once set, because every node was joined with it: make a new cluster, or point the host name at the new address',
        },
      ],
    },
    'spec.controlPlaneLoadBalancer': {
      rules: [
        {
          rule: "self.type != 'Internal' || has(self.vrid)",
          message:
            'vrid is required for an Internal load balancer: give a VRRP router id (0-255) that is unique in the network, or set type: External',
        },
      ],
    },
  },
} as const satisfies Record<string, Record<string, SchemaExtension>>;
