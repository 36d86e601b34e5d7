import { ZodError } from 'zod';
import type { ObjectKey } from '../../api/meta.ts';
import type { Resource } from '../../api/resources.ts';
import type { KubeClient } from '../../runtime/kube/client.ts';
import { MAX_ISSUES } from './failures.ts';

/** The object is there, and does not have the shape that its API promises: neither absent nor usable. */
export class UnreadableError extends Error {
  override readonly name = 'UnreadableError';
  readonly kind: string;

  constructor(kind: string, { namespace, name }: ObjectKey, { issues }: ZodError) {
    const places = issues
      .slice(0, MAX_ISSUES)
      .map(({ path, code }) => `${path.join('.')} (${code})`)
      .join(', ');
    super(`${kind} ${namespace}/${name} cannot be read: ${places}`);
    this.kind = kind;
  }
}

/** Reads an object from the API server; undefined: it does not exist. @throws UnreadableError */
export async function findReadable<T>(
  { kube }: { kube: Pick<KubeClient, 'find'> },
  resource: Resource<T>,
  key: ObjectKey,
): Promise<T | undefined> {
  try {
    return await kube.find(resource, key);
  } catch (error) {
    if (error instanceof ZodError) throw new UnreadableError(resource.kind, key, error);
    throw error;
  }
}
