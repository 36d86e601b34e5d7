import { bootstrapData } from '../../bench/bench-objects.ts';
import { secrets } from '../../api/resources.ts';
import { toValue } from '../../dev/elemental/plan-secret.ts';
import { isNotFound } from '../../runtime/kube/client.ts';
import { hostileBootstrap } from '../support/hostile-bootstrap.ts';
import type { Slot } from './command.ts';
import { createOne, hasRoom } from './machine-deeds.ts';
import { pick } from './model-state.ts';
import type { Outcome, Scene } from './outcome.ts';

const tricks = Object.values(hostileBootstrap).map(({ userData }) => userData);

/** A machine whose user-data somebody has made so that it costs a parser dear. */
export async function createHostile(scene: Scene, { slot, trick }: { slot: Slot; trick: number }): Promise<Outcome> {
  if (!hasRoom(scene)) return 'skipped';
  scene.model.hostile.add(await createOne(scene, slot, pick(tricks, trick)));
  return 'done';
}

/** Gives all of them data that a host can use. */
export async function mendBootstrap({ lane, model }: Scene): Promise<Outcome> {
  if (model.hostile.size === 0) return 'skipped';
  const { client, namespace } = lane;
  const data = { value: toValue(bootstrapData) };
  await Promise.all(
    [...model.hostile].map((name) =>
      client.patch(secrets, { namespace, name }, { data }).catch((error: unknown) => {
        if (!isNotFound(error)) throw error;
      }),
    ),
  );
  model.hostile.clear();
  return 'done';
}
