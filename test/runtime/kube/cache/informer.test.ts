import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { z } from 'zod';
import { configMaps } from '../../../../api/resources.ts';
import type { KubeClient } from '../../../../runtime/kube/client.ts';
import { createInformer, type Informer } from '../../../../runtime/kube/cache/informer.ts';
import {
  answerStatus,
  eventually,
  type FakeApiServer,
  reset,
  silentLogger,
  startFakeApiServer,
} from '../fake-api-server.ts';
import { createFakeCollection } from '../fake-collection.ts';

const schema = z.object({
  metadata: z.object({ namespace: z.string(), name: z.string(), uid: z.string(), resourceVersion: z.string() }),
  color: z.string(),
});
const project = (raw: unknown) => {
  const { metadata, color } = schema.parse(raw);
  return { ...metadata, color };
};
type Item = ReturnType<typeof project>;

let api: FakeApiServer;
let cluster: ReturnType<typeof createFakeCollection>;
let informer: Informer<Item>;
let changes: string[];
const stopped: Informer<Item>[] = [];

function create(options: { pageSize?: number; silenceMs?: number; client?: KubeClient } = {}) {
  informer = createInformer({
    client: api.client,
    resource: configMaps,
    project,
    indexes: { color: (item) => item.color },
    logger: silentLogger,
    pageSize: 2,
    reconnect: { initialMs: 1, maxMs: 10 },
    ...options,
  });
  stopped.push(informer);
  informer.onChange(({ name }, current, previous) =>
    changes.push(`${name}: ${previous?.color ?? '-'} > ${current?.color ?? '-'}`),
  );
  return informer;
}

async function startWatching() {
  create().start();
  await informer.synced;
  await eventually(() => cluster.watches.size === 1);
}

const colorOf = (name: string) => informer.store.get({ namespace: 'lab', name })?.color;
const lists = () => api.requests.filter(({ url }) => !url.searchParams.has('watch'));
const watches = () => api.requests.filter(({ url }) => url.searchParams.has('watch'));

beforeEach(async () => {
  api = await startFakeApiServer();
  cluster = createFakeCollection();
  api.otherwise = cluster.serve;
  changes = [];
});
afterEach(async () => {
  for (const each of stopped.splice(0)) await each.stop();
  await api.close();
});

describe('informer', () => {
  it('reads all pages, then follows changes', async () => {
    for (const name of ['a', 'b', 'c', 'd', 'e']) cluster.put(name, { color: 'red' });
    await startWatching();
    expect(lists()).toHaveLength(3);
    expect(informer.store.size()).toBe(5);
    expect(watches()[0]?.url.searchParams.get('resourceVersion')).toBe('105');
    const timeoutSeconds = Number(watches()[0]?.url.searchParams.get('timeoutSeconds'));
    expect(timeoutSeconds).toBeGreaterThanOrEqual(300);
    expect(timeoutSeconds).toBeLessThanOrEqual(600);
    changes = [];
    cluster.put('a', { color: 'blue' });
    cluster.put('f', { color: 'blue' });
    cluster.remove('b');
    await eventually(() => changes.length === 3);
    expect(changes).toEqual(['a: red > blue', 'f: - > blue', 'b: red > -']);
    expect(informer.store.byIndex('color', 'blue').map(({ name }) => name)).toEqual(['a', 'f']);
    expect(informer.stats()).toEqual({ items: 5, invalid: 0, lists: 1, watches: 1, failures: 0, handlerErrors: 0 });
  });

  it('starts although the first lists fail in every way', async () => {
    cluster.put('a', { color: 'red' });
    api.next.push(answerStatus(500, 'InternalError'), reset, answerStatus(404, 'NotFound'), (_request, response) => {
      response.end('{"items":');
    });
    create().start();
    await informer.synced;
    expect([changes, informer.stats().failures]).toEqual([['a: - > red'], 4]);
  });

  it('resumes where it was after a cut, without listing again', async () => {
    await startWatching();
    cluster.put('a', { color: 'red' });
    await eventually(() => colorOf('a'));
    cluster.silently(() => cluster.put('a', { color: 'blue' }));
    cluster.cutWatches();
    await eventually(() => colorOf('a') === 'blue');
    expect(lists()).toHaveLength(1);
    expect(watches().map(({ url }) => url.searchParams.get('resourceVersion'))).toEqual(['100', '101']);
    expect(changes).toEqual(['a: - > red', 'a: red > blue']);
  });

  it('goes on from a bookmark', async () => {
    await startWatching();
    cluster.bookmark(500);
    cluster.endWatches();
    await eventually(() => watches().length === 2);
    expect(watches()[1]?.url.searchParams.get('resourceVersion')).toBe('500');
  });

  it('lists again on 410 and tells what vanished meanwhile', async () => {
    for (const name of ['a', 'b', 'c']) cluster.put(name, { color: 'red' });
    await startWatching();
    changes = [];
    cluster.silently(() => {
      cluster.remove('b');
      cluster.put('c', { color: 'blue' });
      cluster.compact();
    });
    cluster.cutWatches();
    await eventually(() => changes.length === 2);
    expect(changes.toSorted()).toEqual(['b: red > -', 'c: red > blue']);
    expect(informer.stats().lists).toBe(2);
  });

  it('lists again on a 410 inside the stream', async () => {
    cluster.put('a', { color: 'red' });
    await startWatching();
    cluster.writeRaw('{"type":"ERROR","object":{"kind":"Status","code":410,"reason":"Expired"}}\n');
    await eventually(() => informer.stats().lists === 2);
    expect(changes).toEqual(['a: - > red']);
  });

  it('lists anew when a watch was silent for long, as after a restore of etcd', async () => {
    create({ silenceMs: 40 }).start();
    await informer.synced;
    await eventually(() => cluster.watches.size === 1);
    cluster.silently(() => cluster.put('a', { color: 'red' }));
    const silentUntilMs = performance.now() + 50;
    await eventually(() => performance.now() > silentUntilMs);
    cluster.endWatches();
    await eventually(() => colorOf('a') === 'red');
    expect(lists()).toHaveLength(2);
  });

  it.each([
    [125, 1, 'resumes: the first bookmark of a kind at rest takes two minutes'],
    [145, 2, 'lists anew'],
  ])('after a silence of %i s makes %i list(s): %s', async (seconds, expected) => {
    await startWatching();
    const now = performance.now.bind(performance);
    const clock = vi.spyOn(performance, 'now').mockImplementation(() => now() + seconds * 1000);
    try {
      cluster.cutWatches();
      await eventually(() => watches().length === 2);
    } finally {
      clock.mockRestore();
    }
    expect(lists()).toHaveLength(expected);
  });

  it('lists once more when it is told to, and sees what its watch was never told', async () => {
    await startWatching();
    cluster.silently(() => cluster.put('a', { color: 'red' }));
    const told: string[] = [];
    informer.onChange(({ name }) => told.push(name));
    await informer.listAgain();
    expect([colorOf('a'), told]).toEqual(['red', ['a']]);
    informer.removeHandlers();
    await eventually(() => cluster.watches.size === 1);
    cluster.put('a', { color: 'blue' });
    await eventually(() => colorOf('a') === 'blue');
    expect(told).toEqual(['a']);
    expect(informer.stats()).toMatchObject({ lists: 2, watches: 2, failures: 0 });
  });

  it('whoever asks for a list while one is on its way waits for the next, however often one fails', async () => {
    await startWatching();
    const late = Promise.withResolvers<void>();
    api.next.push(
      (...request) => void late.promise.then(() => cluster.serve(...request)),
      answerStatus(500, 'InternalError'),
    );
    const first = informer.listAgain();
    await eventually(() => lists().length === 2);
    let second: 'waits' | 'done' = 'waits';
    const again = informer.listAgain().then(() => (second = 'done'));
    late.resolve();
    await first;
    expect(second).toBe('waits');
    await again;
    expect(lists()).toHaveLength(4);
  });

  it('lists all at once again after an API server that did not answer, or not to the end', async () => {
    cluster.put('a', { color: 'red' });
    api.next.push(reset, answerStatus(503, 'ServiceUnavailable'), (request, response) => {
      const item = JSON.stringify({ metadata: { name: 'b', namespace: 'lab', resourceVersion: '1' } });
      response.write(`{"metadata":{},"items":[${item},`, () => request.socket.destroy());
    });
    create({ pageSize: 10_000 }).start();
    await informer.synced;
    expect(lists().map(({ url }) => url.search)).toEqual(Array.from({ length: 4 }, () => '?limit=10000'));
    expect([...informer.store.list()]).toMatchObject([{ name: 'a' }]);
  });

  it('goes on in pages when a continue token expires, from the first', async () => {
    for (const name of ['a', 'b', 'c']) cluster.put(name, { color: 'red' });
    api.next.push(cluster.serve, answerStatus(410, 'Expired'));
    create().start();
    await informer.synced;
    const pages = lists().map(({ url }) => url.search);
    expect(pages).toEqual(['?limit=2', '?limit=2&continue=2', '?limit=2', '?limit=2&continue=2']);
    expect(informer.store.size()).toBe(3);
  });

  it('survives garbage, and lists again when it does not end', async () => {
    await startWatching();
    cluster.writeRaw('no json at all\n');
    await eventually(() => watches().length === 2 && cluster.watches.size === 1);
    expect(lists()).toHaveLength(1);
    const garbage = (_request: unknown, response: { end(text: string): void }) => response.end('{{{\n');
    api.next.push(garbage, garbage);
    cluster.writeRaw('{"half":\n');
    // The second one is the answer to a list.
    await eventually(() => lists().length === 3);
    cluster.put('a', { color: 'red' });
    await eventually(() => colorOf('a'));
  });

  it('ignores an event without usable metadata', async () => {
    await startWatching();
    cluster.writeRaw('{"type":"ADDED","object":null}\n{"type":"MODIFIED","object":{"metadata":7}}\n');
    cluster.put('a', { color: 'red' });
    await eventually(() => colorOf('a'));
    expect(informer.stats()).toMatchObject({ watches: 1, failures: 0 });
  });

  it('keeps what is wrong with an unreadable object, and never its values, until it is readable again', async () => {
    cluster.put('a', { color: 'red' });
    cluster.put('b', { color: 42 });
    await startWatching();
    const problemOf = (name: string) => informer.store.problemOf({ namespace: 'lab', name });
    expect(problemOf('a')).toBeUndefined();
    expect(problemOf('b')).toMatch(/^color: .*expected string/);
    expect(problemOf('b')).not.toContain('42');
    expect([...informer.store.listUnreadable()]).toEqual([{ namespace: 'lab', name: 'b' }]);
    cluster.put('a', { color: { nested: true } });
    await eventually(() => changes.includes('a: red > -'));
    expect(problemOf('a')).toMatch(/^color: /);
    expect(informer.stats()).toMatchObject({ items: 0, invalid: 2 });
    cluster.put('a', { color: 'blue' });
    cluster.remove('b');
    await eventually(() => informer.stats().invalid === 0);
    expect(problemOf('a')).toBeUndefined();
    expect(problemOf('b')).toBeUndefined();
    expect(changes).toEqual(['a: - > red', 'b: - > -', 'a: red > -', 'a: - > blue', 'b: - > -']);
  });

  it('tells once of an object that is unreadable in the same way again, and again in another way', async () => {
    cluster.put('a', { color: 42 });
    await startWatching();
    cluster.put('a', { color: 43 });
    cluster.put('a', {});
    cluster.put('b', { color: 'red' });
    await eventually(() => colorOf('b'));
    expect(changes).toEqual(['a: - > -', 'a: - > -', 'b: - > red']);
  });

  it('tells that an unreadable object is gone which a list misses', async () => {
    cluster.put('a', { color: 42 });
    await startWatching();
    cluster.silently(() => {
      cluster.remove('a');
      cluster.compact();
    });
    cluster.cutWatches();
    await eventually(() => informer.stats().invalid === 0);
    expect(changes).toEqual(['a: - > -', 'a: - > -']);
  });

  it('survives a throwing handler and serves the others', async () => {
    create();
    informer.onChange(() => {
      throw new Error('handler bug');
    });
    const later: string[] = [];
    informer.onChange(({ name }) => later.push(name));
    informer.start();
    await informer.synced;
    cluster.put('a', { color: 'red' });
    cluster.put('b', { color: 'red' });
    await eventually(() => later.length === 2);
    expect(informer.stats().handlerErrors).toBe(2);
  });

  it('tells a late handler what is there, and nothing after it left', async () => {
    cluster.put('a', { color: 'red' });
    await startWatching();
    const told: string[] = [];
    const leave = informer.onChange(({ name }, _current, previous) => told.push(`${name} ${previous?.color}`));
    leave();
    cluster.put('a', { color: 'blue' });
    await eventually(() => colorOf('a') === 'blue');
    expect(told).toEqual(['a undefined']);
  });

  it('takes own writes in at once and is not set back by older events', async () => {
    cluster.put('a', { color: 'red' });
    await startWatching();
    const written = { namespace: 'lab', name: 'a', uid: 'uid-101', resourceVersion: '103', color: 'mine' };
    informer.store.upsert(written);
    expect(colorOf('a')).toBe('mine');
    cluster.put('a', { color: 'stale' });
    cluster.put('b', { color: 'red' });
    await eventually(() => colorOf('b'));
    expect(colorOf('a')).toBe('mine');
    cluster.remove('a');
    await eventually(() => colorOf('a') === undefined);
    informer.store.upsert(written);
    expect(colorOf('a')).toBeUndefined();
    expect(changes).toEqual(['a: - > red', 'a: red > mine', 'b: - > red', 'a: mine > -']);
  });

  it('tells how far its watch has come, whatever was written through', async () => {
    expect(create().heardMsAgo()).toBe(Infinity);
    await startWatching();
    expect(informer.heardMsAgo()).toBeLessThan(5_000);
    expect(await informer.hasSeen('100', 5)).toBe(true);
    informer.store.upsert({ namespace: 'lab', name: 'mine', uid: 'u', resourceVersion: '101', color: 'mine' });
    expect(await informer.hasSeen('101', 5)).toBe(false);
    const seen = informer.hasSeen('101', 5_000);
    cluster.put('a', { color: 'red' });
    expect([await seen, colorOf('a')]).toEqual([true, 'red']);
    cluster.silently(() => cluster.put('b', { color: 'red' }));
    const listed = informer.hasSeen('102', 5_000);
    await informer.listAgain();
    expect([await listed, colorOf('b')]).toEqual([true, 'red']);
  });

  it('tells whoever waits for a list that it has stopped', async () => {
    await startWatching();
    api.next.push(() => {});
    const asked = informer.listAgain();
    await informer.stop();
    await expect(asked).rejects.toThrow('Informer stopped');
    await expect(informer.listAgain()).rejects.toThrow('Informer stopped');
  });

  it('keeps an own write that is newer than the list under way', async () => {
    create();
    informer.store.upsert({ namespace: 'lab', name: 'new', uid: 'u', resourceVersion: '150', color: 'mine' });
    informer.start();
    await informer.synced;
    expect(colorOf('new')).toBe('mine');
  });

  it('follows a cluster that was restored from a backup', async () => {
    cluster.put('a', { color: 'red' });
    cluster.put('b', { color: 'red' });
    await startWatching();
    cluster.restoreTo(50);
    cluster.put('a', { color: 'old' });
    cluster.writeRaw('{"type":"ERROR","object":{"kind":"Status","code":410,"reason":"Expired"}}\n');
    await eventually(() => colorOf('a') === 'old');
    expect(colorOf('b')).toBeUndefined();
    await eventually(() => cluster.watches.size === 1);
    cluster.put('b', { color: 'again' });
    await eventually(() => colorOf('b') === 'again');
  });

  it('stops at once, also before it ever synced', async () => {
    api.otherwise = () => {};
    create().start();
    await eventually(() => api.requests.length === 1);
    await informer.stop();
    await expect(informer.synced).rejects.toThrow('Informer stopped');
    expect(informer.hasSynced()).toBe(false);
  });
});
