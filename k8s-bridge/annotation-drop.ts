import type { ObjectKey } from '../api/meta.ts';
import type { Resource } from '../api/resources.ts';
import { type KubeClient, KubeApiError } from '../runtime/kube-client.ts';

const UNPROCESSABLE = 422;

/** Takes an annotation away if it still has that value on that very object; another value is a newer request. */
export async function dropAnnotation(
  client: Pick<KubeClient, 'patch'>,
  resource: Resource<unknown>,
  object: ObjectKey & { uid: string },
  { name, value }: { name: string; value: string },
): Promise<void> {
  const path = `/metadata/annotations/${name.replaceAll('~', '~0').replaceAll('/', '~1')}`;
  const { namespace } = object;
  const patch = [
    { op: 'test', path: '/metadata/uid', value: object.uid },
    { op: 'test', path, value },
    { op: 'remove', path },
  ];
  try {
    await client.patch(resource, { namespace, name: object.name }, patch, { type: 'json' });
  } catch (error) {
    if (error instanceof KubeApiError && (error.code === UNPROCESSABLE || error.code === 404)) return;
    throw error;
  }
}
