import type { ObjectKey } from '../../api/meta.ts';
import type { Resource } from '../../api/resources.ts';
import { type KubeClient, KubeApiError } from '../../runtime/kube/client.ts';

const UNPROCESSABLE = 422;

interface JsonPatchOperation {
  op: 'test' | 'add' | 'remove';
  path: string;
  value?: string;
}

/** Adds an annotation to exactly that state of an object that has some; undefined if it is not in that state any more. */
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
 * Undefined: one has not.
 */
export async function dropAnnotations<T>(
  client: Pick<KubeClient, 'patch'>,
  resource: Resource<T>,
  object: ObjectKey & { uid: string },
  values: Readonly<Record<string, string>>,
): Promise<T | undefined> {
  const entries = Object.entries(values);
  return patchIf(client, resource, object, [
    ...entries.map(([name, value]) => ({ op: 'test', path: pathOf(name), value }) as const),
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
    if (error instanceof KubeApiError && (error.code === UNPROCESSABLE || error.code === 404)) return undefined;
    throw error;
  }
}

function pathOf(annotation: string): string {
  return `/metadata/annotations/${annotation.replaceAll('~', '~0').replaceAll('/', '~1')}`;
}
