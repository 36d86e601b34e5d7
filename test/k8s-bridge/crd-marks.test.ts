import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { annotations } from '../../api/constants.ts';
import type { Resource } from '../../api/resources.ts';
import { renderCrds } from '../../api/crds.ts';
import { type CrdDeps, reconcileCrd } from '../../k8s-bridge/crd-marks.ts';
import { KubeApiError } from '../../runtime/kube/client.ts';

const NAME = 'baremetalmachines.infrastructure.cluster.x-k8s.io';

/** A cluster with one CRD, marked as told, and so many machines. */
function world({ mark, machines, goes = false }: { mark?: string | undefined; machines: number; goes?: boolean }) {
  const marked = mark === undefined ? {} : { [annotations.crdObjects]: mark };
  const deletion = goes ? { deletionTimestamp: '2026-01-01T00:00:00Z' } : {};
  const metadata = { name: NAME, uid: 'u', resourceVersion: '7', annotations: marked, ...deletion };
  const patches: unknown[] = [];
  const parse = <T>(resource: Resource<T>): T => resource.schema.parse({ metadata });
  const client: CrdDeps['client'] = {
    find: async (resource) => parse(resource),
    list: async () => ({
      items: Array.from({ length: machines }, () => ({})),
      resourceVersion: '9',
      continueToken: undefined,
      bytes: 2,
    }),
    patch: async (resource, _key, body) => {
      patches.push(body);
      return parse(resource);
    },
  };
  return { client, patches };
}

const settings = { everyMs: 1000, logger: { info: () => {}, warn: () => {} } };
const everywhere = { ...settings, watchNamespace: undefined, watchFilter: undefined };

describe('the mark of a CRD', () => {
  it.each([
    { mark: undefined, machines: 0, written: 'none' },
    { mark: 'some', machines: 0, written: 'none' },
    { mark: 'none', machines: 0, written: undefined },
    { mark: undefined, machines: 1, written: 'some' },
    { mark: 'none', machines: 1, written: 'some' },
    { mark: 'some', machines: 1, written: undefined },
    { mark: 'none', machines: 1, goes: true, written: undefined },
  ])('$mark, with $machines machines: writes $written', async ({ written, ...state }) => {
    const { client, patches } = world(state);
    expect(await reconcileCrd(NAME, { ...everywhere, client, marks: new Map() })).toEqual({ requeueAfterMs: 1000 });
    const metadata = { uid: 'u', resourceVersion: '7', annotations: { [annotations.crdObjects]: written } };
    expect(patches).toEqual(written === undefined ? [] : [{ metadata }]);
  });

  it.each([{ watchNamespace: 'one' }, { watchFilter: 'mine' }])(
    'never says none where a bridge sees only a part: %j',
    async (part) => {
      const empty = world({ machines: 0 });
      await reconcileCrd(NAME, { ...everywhere, ...part, client: empty.client, marks: new Map() });
      expect(empty.patches).toEqual([]);
      const inUse = world({ machines: 1, mark: 'none' });
      await reconcileCrd(NAME, { ...everywhere, ...part, client: inUse.client, marks: new Map() });
      expect(inUse.patches).toHaveLength(1);
    },
  );

  it('stays as it is where the bridge has no such right', async () => {
    const { client } = world({ machines: 0 });
    const find = () => Promise.reject(new KubeApiError(403, 'Forbidden', 'no'));
    expect(await reconcileCrd(NAME, { ...everywhere, client: { ...client, find }, marks: new Map() })).toEqual({});
  });
});

it('policy and roles name each CRD that there is', () => {
  const read = (path: string) => readFileSync(new URL(`../../config/${path}`, import.meta.url), 'utf8');
  for (const { metadata } of renderCrds()) {
    expect(read('policy/crd-in-use.yaml')).toContain(`'${metadata.name}'`);
    expect(read('rbac/crd-roles.yaml')).toContain(`- ${metadata.name}\n`);
  }
});
