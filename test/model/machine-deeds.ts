import { foreign } from '../../api/constants.ts';
import { baremetalMachines, capiClusters, capiMachines, secrets } from '../../api/resources.ts';
import { CLUSTER_NAME } from '../../bench/bench-site.ts';
import { createCapiMachine, createMachine } from '../../bench/bench-objects.ts';
import { isNotFound } from '../../runtime/kube/client.ts';
import { keepUntilInfrastructureIsGone } from './cluster-api-stand-in.ts';
import type { Slot } from './command.ts';
import { livingMachines, type ModelMachine, pick } from './model-state.ts';
import type { Outcome, Scene } from './outcome.ts';

/** More machines than this at a time would cost more than they show. */
const MAX_MACHINES = 5;

export async function createMachines(scene: Scene, slot: Slot, count: number): Promise<Outcome> {
  const room = MAX_MACHINES - livingMachines(scene.model).length;
  const wanted = Math.min(count, room);
  if (wanted <= 0) return 'skipped';
  await Promise.all(Array.from({ length: wanted }, () => createOne(scene, slot)));
  return 'done';
}

/** Whether one more machine may be. */
export function hasRoom({ model }: Scene): boolean {
  return livingMachines(model).length < MAX_MACHINES;
}

/** Makes a machine; answers its name. `userData`: default one that a host can use. */
export async function createOne({ lane, model }: Scene, slot: Slot, userData?: string): Promise<string> {
  const { client, namespace } = lane;
  const name = `m${model.machines.size + 1}`;
  const pool = model.pools[slot].name;
  model.machines.set(name, { name, pool, slot, deleted: false });
  const uid = await createCapiMachine(client, namespace, name, userData);
  await keepUntilInfrastructureIsGone(client, { namespace, name });
  await createMachine(client, namespace, name, uid, pool);
  return name;
}

/** As a MachineDeployment would: makes machines, or takes away the newest. */
export async function scale(scene: Scene, slot: Slot, to: number): Promise<Outcome> {
  const living = livingMachines(scene.model, slot);
  if (living.length < to) return createMachines(scene, slot, to - living.length);
  if (living.length === to) return 'skipped';
  await Promise.all(living.slice(to).map((machine) => deleteOne(scene, machine)));
  return 'done';
}

export async function deleteMachine(scene: Scene, nth: number): Promise<Outcome> {
  const machine = pick(livingMachines(scene.model), nth);
  if (machine === undefined) return 'skipped';
  await deleteOne(scene, machine);
  return 'done';
}

export async function deleteOne({ lane, model }: Scene, machine: ModelMachine): Promise<void> {
  const { client, namespace } = lane;
  const { name } = machine;
  model.machines.set(name, { ...machine, deleted: true });
  await client.delete(capiMachines, { namespace, name });
}

/** What is left of a machine after its end: nobody collects garbage here. */
export async function sweepSecrets({ lane, model }: Scene): Promise<void> {
  const { client, namespace } = lane;
  await Promise.all(
    [...model.machines.keys()].map((name) =>
      client.delete(secrets, { namespace, name }).catch((error: unknown) => {
        if (!isNotFound(error)) throw error;
      }),
    ),
  );
}

export async function pauseCluster({ lane, model }: Scene, paused: boolean): Promise<Outcome> {
  // Who has moved machines away does not let what is left of their cluster go on.
  if (model.clusterPaused === paused || model.away.size > 0) return 'skipped';
  const key = { namespace: lane.namespace, name: CLUSTER_NAME };
  await lane.client.patch(capiClusters, key, { spec: { paused: paused ? true : null } });
  model.clusterPaused = paused;
  return 'done';
}

/** Pauses a machine, or unpauses one that is paused, by CAPI's annotation. */
export async function pauseMachine({ lane, model }: Scene, nth: number, paused: boolean): Promise<Outcome> {
  const { machines } = lane.history;
  const candidates = [...model.machines.keys()].filter(
    (name) => machines.has(name) && model.pausedMachines.has(name) !== paused,
  );
  const name = pick(candidates, nth);
  if (name === undefined) return 'skipped';
  const annotations = { [foreign.pausedAnnotation]: paused ? '' : null };
  const key = { namespace: lane.namespace, name };
  if (paused) model.pausedMachines.add(name);
  else model.pausedMachines.delete(name);
  try {
    await lane.client.patch(baremetalMachines, key, { metadata: { annotations } });
  } catch (error) {
    if (isNotFound(error)) return 'skipped';
    throw error;
  }
  return 'done';
}
