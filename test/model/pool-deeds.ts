import { IMAGE_CATALOG_NAME } from '../../api/constants.ts';
import { configMaps, machineInventoryPools } from '../../api/resources.ts';
import { CLUSTER_NAME, VERSION } from '../../bench/bench-site.ts';
import { isNotFound } from '../../runtime/kube/client.ts';
import { createPool } from '../support/machines.ts';
import { type Slot, slots } from './command.ts';
import { basePoolName, pick } from './model-state.ts';
import type { Outcome, Scene } from './outcome.ts';

/** A pool of another name gets the members, then the old one goes: as one renames an object. */
export async function renamePool({ lane, model }: Scene, slot: Slot): Promise<Outcome> {
  const { name: oldName, members } = model.pools[slot];
  model.poolNumber += 1;
  const name = `${basePoolName(slot)}-${model.poolNumber}`;
  model.pools[slot] = { name, members };
  await createPool(lane, name, members, CLUSTER_NAME);
  await lane.client.delete(machineInventoryPools, { namespace: lane.namespace, name: oldName });
  return 'done';
}

/** Takes one of the hosts that are used first out of the pool. */
export async function dropMember({ lane, model }: Scene, slot: Slot, nth: number): Promise<Outcome> {
  const pool = model.pools[slot];
  const member = pick(pool.members.slice(0, 4), nth);
  if (member === undefined) return 'skipped';
  pool.members = pool.members.filter((name) => name !== member);
  await writeMembers({ lane, model }, slot);
  return 'done';
}

/** Puts a host at the pool's end: mostly one that no pool names, else one of any other, which then both pools may name. */
export async function addMember({ lane, model }: Scene, slot: Slot, nth: number): Promise<Outcome> {
  const pool = model.pools[slot];
  const named = new Set(slots.flatMap((each) => model.pools[each].members));
  const free = [...lane.hosts.keys()].filter((name) => !named.has(name));
  const others = [...lane.hosts.keys()].filter((name) => !pool.members.includes(name));
  const member = pick(nth % 3 > 0 && free.length > 0 ? free : others, nth);
  if (member === undefined) return 'skipped';
  pool.members = [...pool.members, member];
  await writeMembers({ lane, model }, slot);
  return 'done';
}

async function writeMembers({ lane, model }: Scene, slot: Slot): Promise<void> {
  const { name, members } = model.pools[slot];
  const spec = { machineInventories: members.map((host) => ({ name: host })) };
  await lane.client.patch(machineInventoryPools, { namespace: lane.namespace, name }, { spec });
}

/** Both pools have their first names and members again. */
export async function restorePools({ lane, model }: Scene): Promise<void> {
  const { client, namespace, poolPlan } = lane;
  for (const slot of slots) {
    const name = basePoolName(slot);
    const { name: present } = model.pools[slot];
    model.pools[slot] = { name, members: [...poolPlan[slot]] };
    if (present === name) {
      await writeMembers({ lane, model }, slot);
    } else {
      await createPool(lane, name, poolPlan[slot], CLUSTER_NAME);
      await client.delete(machineInventoryPools, { namespace, name: present }).catch((error: unknown) => {
        if (!isNotFound(error)) throw error;
      });
    }
  }
}

/** Takes the entry of all machines' version out of the image catalog, or puts it back. */
export async function dropImage({ lane, model }: Scene, dropped: boolean): Promise<Outcome> {
  if (model.imageDropped === dropped) return 'skipped';
  const data = { [VERSION]: dropped ? null : `baremetal/node-image:${VERSION}` };
  await lane.client.patch(configMaps, { namespace: lane.namespace, name: IMAGE_CATALOG_NAME }, { data });
  model.imageDropped = dropped;
  return 'done';
}
