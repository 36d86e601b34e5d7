import type { ObjectKey } from '../api/meta.ts';

/** The object that a key of `keyText` names. */
export function parseKey(key: string): ObjectKey {
  const slash = key.indexOf('/');
  return { namespace: key.slice(0, slash), name: key.slice(slash + 1) };
}
