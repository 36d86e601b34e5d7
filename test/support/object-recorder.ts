import { z } from 'zod';
import type { Resource } from '../../api/resources.ts';
import { followObjects } from '../../dev/elemental/object-feed.ts';
import type { Lab } from '../../dev/lab/lab.ts';

/** Every state that objects went through while somebody watched. */
export interface ObjectRecorder<T> {
  readonly seen: readonly T[];
  stop(): Promise<void>;
}

/** Records every state of the objects of one kind in the lab's namespace, as a whole, from now on. */
export async function recordObjects<T>(
  { client, namespace }: Pick<Lab, 'client' | 'namespace'>,
  resource: Resource<T>,
): Promise<ObjectRecorder<T>> {
  const seen: T[] = [];
  const feed = followObjects({
    client,
    resource,
    namespace,
    onChange: (_, object) => {
      if (object !== undefined) seen.push(object);
    },
  });
  await feed.synced;
  return { seen, stop: () => feed.stop() };
}

/** A kind read without losing a field. */
export function withAllFields(resource: Resource<unknown>): Resource<Record<string, unknown>> {
  return { ...resource, schema: z.looseObject({}) };
}
