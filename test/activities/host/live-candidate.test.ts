import { expect, it } from 'vitest';
import { findNamingMachine, type SeenMachine } from '../../../activities/host/live-candidate.ts';
import { machineView } from '../../k8s-bridge/bridge-fixtures.ts';

const host = { namespace: 'demo', name: 'h1' };
const asking = { uid: 'mine' };

/** A cache that knows of `in-cache`, and an API server that knows of `listed`. */
function createSources({ seen = true, heardMsAgo = 0, unreadable = false, uid = 'other' } = {}) {
  const lists: unknown[] = [];
  const machines = {
    byIndex: () => [machineView({ name: 'in-cache', uid })],
    hasSeen: async () => seen,
    heardMsAgo: () => heardMsAgo,
    listUnreadable: () => (unreadable ? [host] : []),
  };
  const metadata = { namespace: 'demo', name: 'listed', uid, resourceVersion: '9' };
  const list = async (_resource: unknown, { notOlderThan }: { notOlderThan?: string | undefined } = {}) => {
    lists.push(notOlderThan ?? 'as it is now');
    return { items: [{ metadata }], resourceVersion: '9', continueToken: undefined };
  };
  return { lists, kube: { list }, caches: { machines } };
}

const written: SeenMachine = { by: 'write', resourceVersion: '7' };
const read: SeenMachine = { by: 'read', resourceVersion: '7' };

it.each<[string, Parameters<typeof createSources>[0], SeenMachine | undefined, string, unknown[]]>([
  ['the cache knows what was written before', {}, written, 'in-cache', []],
  ['its watch has not come so far', { seen: false }, written, 'listed', ['7']],
  ['a silent watch that has come so far knows all before a write', { heardMsAgo: 60_000 }, written, 'in-cache', []],
  ['and may be dead for what was read', { heardMsAgo: 60_000 }, read, 'listed', ['7']],
  ['a watch that is alive is believed', { heardMsAgo: 4_000 }, read, 'in-cache', []],
  ['what cannot be read may name the host', { unreadable: true }, written, 'listed', ['7']],
  ['nothing to go by', {}, undefined, 'listed', ['as it is now']],
])('who names a host: %s', async (_, sources, since, expected, lists) => {
  const world = createSources(sources);
  expect(await findNamingMachine(world, asking, host, since)).toBe(expected);
  expect(world.lists).toEqual(lists);
});

it.each([written, undefined])('a machine never stands in its own way (%o)', async (since) => {
  expect(await findNamingMachine(createSources({ uid: 'mine' }), asking, host, since)).toBeUndefined();
});
