import { type ObjectKey } from '../../api/meta.ts';

/** `namespace/name`, as workqueues and log lines use it; `/name` for a cluster-scoped object. */
export function formatKey({ namespace, name }: ObjectKey): string {
  return `${namespace}/${name}`;
}

/** The reverse of `formatKey`. @throws when the text holds no slash */
export function parseKey(text: string): ObjectKey {
  const slash = text.indexOf('/');
  if (slash === -1) throw new Error(`No object key: '${text}'`);
  return { namespace: text.slice(0, slash), name: text.slice(slash + 1) };
}
