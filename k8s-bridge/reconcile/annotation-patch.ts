import type { ObjectKey } from '../../api/meta.ts';
import type { Resource } from '../../api/resources.ts';
import { isFailedPatchTest, isNotFound, type KubeClient } from '../../runtime/kube/client.ts';

interface JsonPatchOperation {
  op: 'test' | 'add' | 'remove';
  path: string;
  value?: string;
}

/**
 * Adds an annotation to exactly that state of an object that has some; undefined if it is not in that state any more.
 * @throws KubeApiError also where a policy, a right or the size of the object refuses it
 */
export async function addAnnotation<T>(
  client: Pick<KubeClient, 'patch'>,
  resource: Resource<T>,
  object: ObjectKey & { uid: string; resourceVersion: string },
  { name, value }: { name: string; value: string },
): Promise<T | undefined> {
  return patchIf(client, resource, object, [
    { op: 'test', path: '/metadata/resourceVersion', value: object.resourceVersion },
    { op: 'add', path: pathOf(name), value },
  ]);
}

/**
 * Takes annotations away if all of them still have these values on that very object; another value is a newer request.
 * A value that is not known is taken away from exactly that state of the object.
 * Undefined: it has changed.
 * @throws KubeApiError also where a policy or a right refuses it
 */
export async function dropAnnotations<T>(
  client: Pick<KubeClient, 'patch'>,
  resource: Resource<T>,
  object: ObjectKey & { uid: string; resourceVersion: string },
  values: Readonly<Record<string, string | undefined>>,
): Promise<T | undefined> {
  const entries = Object.entries(values);
  const { resourceVersion } = object;
  return patchIf(client, resource, object, [
    ...entries.map(([name, value]) =>
      value === undefined
        ? ({ op: 'test', path: '/metadata/resourceVersion', value: resourceVersion } as const)
        : ({ op: 'test', path: pathOf(name), value } as const),
    ),
    ...entries.map(([name]) => ({ op: 'remove', path: pathOf(name) }) as const),
  ]);
}

async function patchIf<T>(
  client: Pick<KubeClient, 'patch'>,
  resource: Resource<T>,
  { namespace, name, uid }: ObjectKey & { uid: string },
  operations: readonly JsonPatchOperation[],
): Promise<T | undefined> {
  const patch = [{ op: 'test', path: '/metadata/uid', value: uid }, ...operations];
  try {
    return await client.patch(resource, { namespace, name }, patch, { type: 'json' });
  } catch (error) {
    if (isFailedPatchTest(error) || isNotFound(error)) return undefined;
    throw error;
  }
}

function pathOf(annotation: string): string {
  return `/metadata/annotations/${annotation.replaceAll('~', '~0').replaceAll('/', '~1')}`;
}
