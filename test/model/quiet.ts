import { reasons } from '../../api/conditions.ts';
import { annotations } from '../../api/constants.ts';
import { machineInventories } from '../../api/resources.ts';
import { viewHost } from '../../domain/inputs/host-view.ts';
import { UNQUARANTINE } from '../../domain/life/operation-annotation.ts';
import { waitFor } from '../support/wait-for.ts';
import { slots } from './command.ts';
import type { Machine } from './history.ts';
import { mendHosts } from './host-deeds.ts';
import { deleteOne, pauseCluster, pauseMachine } from './machine-deeds.ts';
import { livingMachines } from './model-state.ts';
import { updateMachine } from './operator-deeds.ts';
import type { Scene } from './outcome.ts';
import { switchProcess } from './perform-command.ts';
import { dropImage, restorePools } from './pool-deeds.ts';

/** How long all may take to settle once nothing goes wrong any more; a worker's death alone costs 15 s. */
const SETTLE_TIMEOUT_MS = 120_000;

/**
 * Ends all trouble, and waits until every machine runs or waits for a host that there is not.
 * `onLook` is called again and again and may throw. @throws DeadlineError
 */
export async function comeToRest(scene: Scene, onLook: () => void): Promise<void> {
  const { model } = scene;
  await Promise.all([switchProcess(scene, 'worker', false), switchProcess(scene, 'bridge', false), mendHosts(scene)]);
  await pauseCluster(scene, false);
  await dropImage(scene, false);
  while (model.pausedMachines.size > 0) {
    if ((await pauseMachine(scene, 0, false)) === 'skipped') break;
  }
  const operator = createOperator(scene);
  await waitFor(
    'every machine has come to rest',
    async () => {
      onLook();
      await operator.help();
      return livingMachines(model).every(({ name }) => isAtRest(scene, scene.lane.history.machines.get(name)));
    },
    () => undefined,
    { timeoutMs: SETTLE_TIMEOUT_MS },
  );
}

/** Deletes every machine, restores the pools, and waits until all hosts are free in theirs. See `comeToRest`. */
export async function clearAway(scene: Scene, onLook: () => void): Promise<void> {
  const { lane, model } = scene;
  await Promise.all(livingMachines(model).map((machine) => deleteOne(scene, machine)));
  await restorePools(scene);
  const operator = createOperator(scene);
  await waitFor(
    'every machine is gone and every host is free',
    async () => {
      onLook();
      await operator.help();
      return lane.history.machines.size === 0 && isAllFree(scene);
    },
    () => undefined,
    { timeoutMs: SETTLE_TIMEOUT_MS },
  );
}

/** Somebody who does once what the conditions ask people for. */
function createOperator({ lane }: Scene) {
  const done = new Set<string>();
  const once = async (what: string, act: () => Promise<unknown>): Promise<void> => {
    if (done.has(what)) return;
    done.add(what);
    await act();
  };
  return {
    async help(): Promise<void> {
      for (const machine of lane.history.machines.values()) {
        const { name } = machine.metadata;
        const { writtenBy } = machine.status ?? {};
        if (findCondition(machine, 'Paused')?.message.includes('An operator paused') === true) {
          await once(`resume ${name} ${writtenBy}`, () => updateMachine(lane, machine, 'resume'));
        }
        if (findCondition(machine, 'PlanApplied')?.reason === reasons.PlanFailed) {
          await once(`retry ${name} ${writtenBy}`, () => updateMachine(lane, machine, 'retry'));
        }
      }
      for (const { metadata } of lane.history.hosts.values()) {
        if (!(annotations.quarantine in metadata.annotations)) continue;
        const note = { [annotations.operation]: UNQUARANTINE };
        await once(`unquarantine ${metadata.name}`, () =>
          lane.client.patch(machineInventories, metadata, { metadata: { annotations: note } }),
        );
      }
    },
  };
}

function findCondition({ status }: Machine, type: string) {
  return status?.conditions?.find((condition) => condition.type === type);
}

function isAtRest(scene: Scene, machine: Machine | undefined): boolean {
  if (machine === undefined) return false;
  if (machine.status?.phase === 'Running') return findCondition(machine, 'NodeJoined')?.status === 'True';
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

/** The host is free, and the machine has not been told to give it up. */
function canClaim({ lane, model }: Scene, { metadata, spec, status }: Machine, name: string): boolean {
  const inventory = lane.history.hosts.get(name);
  const avoids = model.askedToGiveUp.has(metadata.name) && status?.avoidedInventories?.includes(name) === true;
  if (inventory === undefined || avoids) return false;
  const { owner, quarantined, ready, pool } = viewHost(inventory);
  return owner === undefined && !quarantined && ready && pool === spec.machineInventoryPoolRef.name;
}

/**
 * Every host is unused and in the pool that it was in at first, both pools count them so, and no host is at its plan:
 * an agent that starts runs the plan that stands there once more, and a failure then shows a moment after the start.
 */
function isAllFree({ lane, model }: Scene): boolean {
  const poolOf = new Map<string, string>();
  for (const slot of slots) {
    const { name, members } = model.pools[slot];
    for (const member of members) poolOf.set(member, name);
    const { total, available } = lane.history.pools.get(name)?.status ?? {};
    if (total !== members.length || available !== members.length) return false;
  }
  if ([...lane.history.plans.values()].some((plan) => plan.appliedChecksum !== plan.planChecksum)) return false;
  return [...lane.history.hosts.values()].map(viewHost).every(({ name, owner, quarantined, allocationState, pool }) => {
    const free = allocationState === 'Available' || allocationState === undefined;
    return owner === undefined && !quarantined && free && pool === poolOf.get(name);
  });
}
