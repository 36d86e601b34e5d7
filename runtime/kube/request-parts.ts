import { type ObjectKey } from '../../api/meta.ts';
import { type Resource } from '../../api/resources.ts';
import { type Selection, type WritableObject, type WriteOptions } from './call-options.ts';

/** Path of a kind, in one namespace or in all. @throws when the namespace would leave the path */
export function collectionPathOf(resource: Resource<unknown>, namespace: string | undefined): string {
  const root = resource.group === '' ? `/api/${resource.version}` : `/apis/${resource.group}/${resource.version}`;
  if (namespace === '.' || namespace === '..') throw new Error(`No namespace: '${namespace}'`);
  const scope = namespace === undefined || namespace === '' ? '' : `/namespaces/${encodeURIComponent(namespace)}`;
  return `${root}${scope}/${resource.plural}`;
}

/** Path of one object. @throws when the name is empty or would leave the path */
export function pathOf(resource: Resource<unknown>, key: ObjectKey): string {
  const { name } = key;
  if (name === '' || name === '.' || name === '..') throw new Error(`No name of a ${resource.kind}: '${name}'`);
  return `${collectionPathOf(resource, key.namespace)}/${encodeURIComponent(name)}`;
}

export function keyOf(body: WritableObject): ObjectKey {
  return { namespace: body.metadata.namespace ?? '', name: body.metadata.name ?? '' };
}

/** The body with apiVersion and kind. */
export function withType<B extends WritableObject>(resource: Resource<unknown>, body: B): unknown {
  const apiVersion = resource.group === '' ? resource.version : `${resource.group}/${resource.version}`;
  return { ...body, apiVersion, kind: resource.kind };
}

/** What is sent of them must stand in no error: a Secret's data, somebody's token. */
const secretKinds = new Set(['/secrets', 'authentication.k8s.io/tokenreviews']);

/** What all writes have in common. */
export function toWrite(resource: Resource<unknown>, body: unknown, options: WriteOptions) {
  const query = new URLSearchParams();
  setParam(query, 'fieldManager', options.fieldManager);
  if (options.dryRun === true) query.set('dryRun', 'All');
  return { query, body, secretBody: secretKinds.has(`${resource.group}/${resource.plural}`) };
}

export function toQuery(selection: Selection): URLSearchParams {
  const query = new URLSearchParams();
  setParam(query, 'labelSelector', selection.labelSelector);
  setParam(query, 'fieldSelector', selection.fieldSelector);
  return query;
}

export function setParam(query: URLSearchParams, name: string, value: string | number | undefined): void {
  if (value !== undefined && value !== '') query.set(name, String(value));
}

/** `Accept` for metadata only. */
export function partialMetadata(kind: 'PartialObjectMetadata' | 'PartialObjectMetadataList'): string {
  return `application/json;as=${kind};g=meta.k8s.io;v=v1`;
}
