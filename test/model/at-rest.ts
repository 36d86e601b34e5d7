import { hostLabels } from '../support/host-labels.ts';
import { reasons } from '../../api/conditions.ts';
import { providerIdOf } from '../../api/constants.ts';
import { viewHost } from '../../domain/inputs/host-view.ts';
import { slots } from './command.ts';
import type { Machine } from './history.ts';
import type { Scene } from './outcome.ts';

/** A condition of the machine's status. */
export function findCondition({ status }: Machine, type: string) {
  return status?.conditions?.find((condition) => condition.type === type);
}

/** It runs, or waits for a host that there is not. */
export function isAtRest(scene: Scene, machine: Machine | undefined): boolean {
  if (machine === undefined) return false;
  // A node whose host was taken stays away, until somebody deletes its machine.
  const wasTaken = findCondition(machine, 'PlanApplied')?.reason === reasons.HostTaken;
  if (machine.status?.phase === 'Running') return wasTaken || hasArrived(machine);
  if (machine.status?.phase !== 'Pending') return false;
  const { history } = scene.lane;
  const pool = history.pools.get(machine.spec.machineInventoryPoolRef.name);
  switch (findCondition(machine, 'InventoryAllocated')?.reason) {
    case reasons.PoolMissing:
      return pool === undefined;
    case reasons.PoolExhausted:
      return pool !== undefined && !pool.spec.machineInventories.some(({ name }) => canClaim(scene, machine, name));
    default:
      return false;
  }
}

/** Nothing is to come any more of the host's boot. */
function hasArrived(machine: Machine): boolean {
  const boots = findCondition(machine, 'Booted')?.reason === reasons.WaitingForBoot;
  return !boots && findCondition(machine, 'NodeJoined')?.status === 'True';
}

/** The host is free, and the machine has not been told to give it up. */
function canClaim({ lane, model }: Scene, { metadata, spec, status }: Machine, name: string): boolean {
  const inventory = lane.history.hosts.get(name);
  const avoids = model.askedToGiveUp.has(metadata.name) && status?.avoidedInventories?.includes(name) === true;
  if (inventory === undefined || avoids) return false;
  const { owner, quarantined, ready, pool } = viewHost(inventory, hostLabels);
  const isNamed = [...lane.history.machines.values()].some((one) => one.spec.providerID === providerIdOf(name));
  return !isNamed && owner === undefined && !quarantined && ready && pool === spec.machineInventoryPoolRef.name;
}

/**
 * Every host is unused and in the pool that it was in at first, both pools count them so, and no host is at its plan:
 * an agent that starts runs the plan that stands there once more, and a failure then shows a moment after the start.
 */
export function isAllFree({ lane, model }: Scene): boolean {
  const poolOf = new Map<string, string>();
  for (const slot of slots) {
    const { name, members } = model.pools[slot];
    for (const member of members) poolOf.set(member, name);
    const { total, available } = lane.history.pools.get(name)?.status ?? {};
    if (total !== members.length || available !== members.length) return false;
  }
  if ([...lane.history.plans.values()].some((plan) => plan.appliedChecksum !== plan.planChecksum)) return false;
  return [...lane.history.hosts.values()]
    .map((inventory) => viewHost(inventory, hostLabels))
    .every(({ name, owner, quarantined, allocationState, pool }) => {
      const free = allocationState === 'Available' || allocationState === undefined;
      return owner === undefined && !quarantined && free && pool === poolOf.get(name);
    });
}

/** What must not be so at rest, in words: no two machines name one host. */
export function judgeRest(machines: Iterable<Machine>): string[] {
  const holding = [...machines].filter(({ status }) => status?.phase !== undefined && status.phase !== 'Pending');
  const users = Map.groupBy(holding, ({ status }) => status?.machineInventoryRef?.name);
  return [...users].flatMap(([host, those]) =>
    host === undefined || those.length === 1
      ? []
      : [`at rest ${those.map(({ metadata }) => metadata.name).join(' and ')} name the host ${host}`],
  );
}
