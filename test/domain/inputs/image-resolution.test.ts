import { describe, expect, it } from 'vitest';
import { type ImageRequest, resolveImage } from '../../../domain/inputs/image-resolution.ts';

const request = (entry: string, more: Partial<ImageRequest> = {}): ImageRequest => ({
  catalog: { 'v1.34.1': entry },
  version: 'v1.34.1',
  clusterRegistry: 'mine:5000',
  ...more,
});
const digest = `sha256:${'a'.repeat(64)}`;

describe('resolveImage', () => {
  it.each([
    ['registry.example.com/os/elemental:v1', 'mine:5000/os/elemental:v1'],
    ['registry:5000/os/elemental:v1', 'mine:5000/os/elemental:v1'],
    ['localhost/os:v1', 'mine:5000/os:v1'],
    ['[::1]:5000/os:v1', 'mine:5000/os:v1'],
    ['os/elemental:v1', 'mine:5000/os/elemental:v1'],
    ['elemental:v1', 'mine:5000/elemental:v1'],
    ['elemental', 'mine:5000/elemental'],
    [` a.b/os@${digest}\n`, `mine:5000/os@${digest}`],
    [`a.b/os:v1@${digest}`, `mine:5000/os:v1@${digest}`],
  ])('puts %s on the registry', (entry, image) => {
    expect(resolveImage(request(entry))).toEqual({ kind: 'resolved', image });
  });

  it('prefers the cluster’s registry, else takes the default', () => {
    const both = { clusterRegistry: 'https://10.0.0.1:11443/', defaultRegistry: 'default.example' };
    expect(resolveImage(request('a.b/os', both))).toEqual({ kind: 'resolved', image: '10.0.0.1:11443/os' });
    expect(resolveImage(request('a.b/os', { ...both, clusterRegistry: ' ' }))).toEqual({
      kind: 'resolved',
      image: 'default.example/os',
    });
    expect(resolveImage(request('os', { clusterRegistry: 'a.b/prefix' }))).toEqual({
      kind: 'resolved',
      image: 'a.b/prefix/os',
    });
  });

  it.each<[string, ImageRequest, string]>([
    ['no catalog', request('os', { catalog: undefined }), 'ImageCatalogMissing'],
    ['no version', request('os', { version: undefined }), 'ImageCatalogMiss'],
    ['other key', request('os', { version: '1.34.1' }), 'ImageCatalogMiss'],
    ['a key of every object', request('os', { version: 'constructor' }), 'ImageCatalogMiss'],
    ['empty entry', request(' '), 'ImageCatalogMiss'],
    ['option', request('--help'), 'ImageCatalogMiss'],
    ['path', request('a.b/../etc'), 'ImageCatalogMiss'],
    ['words', request('os v1'), 'ImageCatalogMiss'],
    ['scheme', request('oci://a.b/os'), 'ImageCatalogMiss'],
    ['no registry', request('a.b/os', { clusterRegistry: undefined }), 'ImageRegistryMissing'],
    ['hostile registry', request('os', { clusterRegistry: "a.b'; reboot" }), 'ImageRegistryMissing'],
  ])('does not resolve: %s', (_, wrong, reason) => {
    const result = resolveImage(wrong);
    expect(result).toMatchObject({ kind: 'unresolved', reason });
    expect(JSON.stringify(result)).not.toContain('reboot');
  });
});
