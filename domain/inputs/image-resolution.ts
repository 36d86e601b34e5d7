/** Why no image is known; a reason of the condition `ImageResolved`. */
export type ImageProblem = 'ImageCatalogMissing' | 'ImageCatalogMiss' | 'ImageRegistryMissing';

export type ImageResolution =
  | { kind: 'resolved'; image: string }
  | { kind: 'unresolved'; reason: ImageProblem; message: string };

export interface ImageRequest {
  /** `data` of the ConfigMap `elemental-image-catalog`; undefined when there is none. */
  catalog: Readonly<Record<string, string>> | undefined;
  /** `Machine.spec.version`, with its leading `v`. */
  version: string | undefined;
  /** Registry of the Cluster's annotation; empty counts as absent. */
  clusterRegistry?: string | undefined;
  /** The provider's configured default. */
  defaultRegistry?: string | undefined;
}

/**
 * OS image for a Machine's version (system.md section 3.2): the catalog's entry on the cluster's registry. A host in the
 * entry is replaced, an entry without one gets the registry in front; tag and digest stay.
 */
export function resolveImage({ catalog, version, clusterRegistry, defaultRegistry }: ImageRequest): ImageResolution {
  if (catalog === undefined) {
    return unresolved('ImageCatalogMissing', 'ConfigMap elemental-image-catalog does not exist; create it');
  }
  if (version === undefined || version === '') {
    return unresolved('ImageCatalogMiss', 'the Machine has no spec.version; set it, so that an image can be chosen');
  }
  const label = /^[\w.+-]{1,128}$/.test(version) ? version : 'of the Machine';
  const entry = Object.hasOwn(catalog, version) ? (catalog[version] ?? '').trim() : undefined;
  if (entry === undefined) {
    return unresolved('ImageCatalogMiss', `elemental-image-catalog has no entry for version ${label}; add the key`);
  }
  const { repository } = splitReference(entry);
  if (!isRepository(repository)) {
    return unresolved('ImageCatalogMiss', `the entry for version ${label} in elemental-image-catalog is not an image`);
  }
  const registry = normaliseRegistry(clusterRegistry) || normaliseRegistry(defaultRegistry);
  if (registry === '') {
    const hint = 'annotate the Cluster with cpaas.io/registry-address or configure a default registry';
    return unresolved('ImageRegistryMissing', `no registry is known for the image; ${hint}`);
  }
  if (!isRegistry(registry)) {
    return unresolved(
      'ImageRegistryMissing',
      'the registry address of the Cluster or of the provider is not host[:port]',
    );
  }
  return { kind: 'resolved', image: `${registry}/${repository}` };
}

/** A first component is a host if it has a dot or a colon or is `localhost` (Docker's rule for references). */
function splitReference(reference: string): { host: string | undefined; repository: string } {
  const slash = reference.indexOf('/');
  const first = slash < 0 ? '' : reference.slice(0, slash);
  const isHost = first === 'localhost' || /[.:]/.test(first);
  return isHost ? { host: first, repository: reference.slice(slash + 1) } : { host: undefined, repository: reference };
}

/** People write registries with scheme and trailing slash; images have neither. */
function normaliseRegistry(registry: string | undefined): string {
  const address = (registry ?? '').trim().replace(/^https?:\/\//, '');
  return address.replace(/\/{1,8}$/, '');
}

function isRegistry(registry: string): boolean {
  const [host = '', ...path] = registry.split('/');
  return (
    registry.length <= 253 &&
    /^(?:[A-Za-z0-9](?:[A-Za-z0-9.-]*[A-Za-z0-9])?|\[[0-9A-Fa-f:.]+\])(?::\d{1,5})?$/.test(host) &&
    path.every((component) => /^[a-z0-9]+(?:[._-]+[a-z0-9]+)*$/.test(component))
  );
}

function isRepository(repository: string): boolean {
  const shape = /^([a-z0-9._/-]+)(?::\w[\w.-]{0,127})?(?:@[a-z0-9]+:[0-9a-fA-F]{32,128})?$/.exec(repository);
  const components = shape?.[1]?.split('/') ?? [];
  return (
    repository.length <= 1024 &&
    components.length > 0 &&
    components.every((component) => /^[a-z0-9](?:[a-z0-9._-]*[a-z0-9])?$/.test(component))
  );
}

function unresolved(reason: ImageProblem, message: string): ImageResolution {
  return { kind: 'unresolved', reason, message };
}
