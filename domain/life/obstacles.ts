import { reasons } from '../../api/conditions.ts';
import type { Obstacle } from './machine-life.ts';

export function poolMissing(pool: string): Obstacle {
  return {
    condition: 'InventoryAllocated',
    reason: reasons.PoolMissing,
    message: `MachineInventoryPool ${pool} does not exist; create it, or delete this machine`,
  };
}

export function noFreeHost({ message, failureDomain }: { message: string; failureDomain?: string }): Obstacle {
  const common = { condition: 'InventoryAllocated', message } as const;
  if (failureDomain === undefined) return { ...common, reason: reasons.PoolExhausted };
  return { ...common, reason: reasons.FailureDomainExhausted, failureDomain };
}

export function hostMissing(inventory: string): Obstacle {
  return {
    condition: 'InventoryAllocated',
    reason: reasons.InventoryMissing,
    message: `MachineInventory ${inventory}, on which the node runs, is not here; it is adopted when the host registers again`,
  };
}

export function hostUsedByOther(inventory: string, owner: string): Obstacle {
  return {
    condition: 'InventoryAllocated',
    reason: reasons.InventoryMissing,
    message: `MachineInventory ${inventory}, on which the node runs, is recorded as used by ${owner}; nothing is written to it`,
  };
}

export function planSecretMissing(secret: string): Obstacle {
  return {
    condition: 'PlanApplied',
    reason: reasons.PlanSecretMissing,
    message: `The plan Secret ${secret} is gone and elemental-operator does not make it again. Restore it and retry, or give the host up: reallocate, or delete the Machine`,
  };
}

export function hostWanted(inventory: string, by: string): Obstacle {
  return {
    condition: 'PlanApplied',
    reason: reasons.HostTaken,
    message: `MachineInventory ${inventory}, on which the node ran, was taken: ${by}. Nothing is written to it; delete the Machine to get another host`,
  };
}

export function hostOfOther(inventory: string, owner: string): Obstacle {
  return {
    condition: 'InventoryAllocated',
    reason: reasons.HostTaken,
    message: `MachineInventory ${inventory} is named by the providerID of BaremetalMachine ${owner}; no plan is written, it is given back and another host is claimed`,
  };
}
