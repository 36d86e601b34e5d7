import type { z } from 'zod';
import { foreign } from '../../api/constants.ts';
import { baremetalMachines, capiMachines, type Resource } from '../../api/resources.ts';
import { capiMachineManifest, machineManifest } from '../../bench/bench-objects.ts';
import { waitFor } from '../support/wait-for.ts';
import { keepUntilInfrastructureIsGone } from './cluster-api-stand-in.ts';
import { livingMachines } from './model-state.ts';
import { pauseCluster } from './machine-deeds.ts';
import type { Outcome, Scene } from './outcome.ts';

/*
 * What clusterctl does to move a cluster: everything is paused, its annotations are replaced by the mark of a move, deleted, and
 * stripped of its finalizers; elsewhere the same objects begin with new uids and without a status. Here they come back to
 * the cluster that they left. A machine whose host is not provisioned yet stays: clusterctl would refuse to move it.
 */

type MovedMachine = z.infer<typeof baremetalMachines.schema>;

/** Takes all machines with a providerID away, and leaves the Cluster paused. */
export async function moveAway(scene: Scene): Promise<Outcome> {
  const { lane, model } = scene;
  const { client, namespace } = lane;
  if (model.away.size > 0) return 'skipped';
  const hasPaused = (await pauseCluster(scene, true)) === 'done';
  for (const { name } of livingMachines(model)) {
    const machine = await client.find(baremetalMachines, { namespace, name });
    if (machine?.spec.providerID === undefined || machine.metadata.deletionTimestamp !== undefined) continue;
    model.away.set(name, machine);
    await strip(scene, capiMachines, name);
    await strip(scene, baremetalMachines, name);
  }
  if (model.away.size > 0) return 'done';
  if (hasPaused) await pauseCluster(scene, false);
  return 'skipped';
}

/** The Machine first: its controller, which would delete what belongs to it and is not paused here, must find none. */
async function strip({ lane }: Scene, resource: Resource<unknown>, name: string): Promise<void> {
  const { client, namespace } = lane;
  const key = { namespace, name };
  const marked = { annotations: { [foreign.deleteForMoveAnnotation]: '' } };
  const isMachine = resource.plural === capiMachines.plural;
  await client.patch(resource, key, { metadata: isMachine ? { ...marked, finalizers: [] } : marked });
  await client.delete(resource, key);
  if (!isMachine) await client.patch(resource, key, { metadata: { finalizers: [] } });
  await waitFor(`${name} has left`, async () => (await client.find(resource, key)) === undefined);
}

/** Brings the machines back that a move took away, and lets the Cluster go on. */
export async function moveBack(scene: Scene): Promise<Outcome> {
  const { model } = scene;
  if (model.away.size === 0) return 'skipped';
  for (const machine of model.away.values()) await create(scene, machine);
  model.away.clear();
  await pauseCluster(scene, false);
  return 'done';
}

async function create({ lane, model }: Scene, { metadata, spec }: MovedMachine): Promise<void> {
  const { client, namespace } = lane;
  const { name, annotations, finalizers } = metadata;
  const owner = await client.create(capiMachines, capiMachineManifest(namespace, name));
  await keepUntilInfrastructureIsGone(client, { namespace, name });
  const manifest = machineManifest(namespace, name, owner.metadata.uid, spec.machineInventoryPoolRef.name);
  const moved = await client.create(baremetalMachines, {
    metadata: { ...manifest.metadata, annotations, finalizers },
    spec,
  });
  const { uid } = moved.metadata;
  model.cameBackAs.set(metadata.uid, uid);
  await waitFor(`${name} is back`, () => lane.history.machines.get(name)?.metadata.uid === uid);
}
