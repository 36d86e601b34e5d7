import { type ServerResponse } from 'node:http';
import { type Answer, answerStatus } from './fake-api-server.ts';

interface FakeObject {
  metadata: { namespace: string; name: string; uid: string; resourceVersion: string };
  [field: string]: unknown;
}

interface FakeEvent {
  type: string;
  object: unknown;
  version: number;
}

/** One kind in a fake API server: lists in pages and watches from any resourceVersion that it still remembers. */
export function createFakeCollection() {
  const objects = new Map<string, FakeObject>();
  const watches = new Set<ServerResponse>();
  let history: FakeEvent[] = [];
  let version = 100;
  let compactedTo = 0;

  function send(event: FakeEvent): void {
    history.push(event);
    for (const watch of watches) watch.write(`${JSON.stringify({ type: event.type, object: event.object })}\n`);
  }

  function put(name: string, fields: Record<string, unknown> = {}): FakeObject {
    version++;
    const before = objects.get(name);
    const metadata = {
      namespace: 'lab',
      name,
      uid: before?.metadata.uid ?? `uid-${version}`,
      resourceVersion: `${version}`,
    };
    const object = { ...fields, metadata };
    objects.set(name, object);
    send({ type: before === undefined ? 'ADDED' : 'MODIFIED', object, version });
    return object;
  }

  function remove(name: string): void {
    version++;
    const before = objects.get(name);
    objects.delete(name);
    if (before === undefined) return;
    const object = { ...before, metadata: { ...before.metadata, resourceVersion: `${version}` } };
    send({ type: 'DELETED', object, version });
  }

  const serve: Answer = (request, response) => {
    const query = new URL(request.url ?? '/', 'http://127.0.0.1').searchParams;
    if (query.get('watch') === 'true') {
      const from = Number(query.get('resourceVersion'));
      if (from < compactedTo) return answerStatus(410, 'Expired')(request, response, '');
      response.writeHead(200, { 'content-type': 'application/json' });
      response.flushHeaders();
      for (const { type, object, version: at } of history) {
        if (at > from) response.write(`${JSON.stringify({ type, object })}\n`);
      }
      watches.add(response);
      response.on('close', () => watches.delete(response));
      return;
    }
    const all = [...objects.values()];
    const begin = Number(query.get('continue') ?? 0);
    const end = begin + Number(query.get('limit') ?? all.length);
    const metadata = { resourceVersion: `${version}`, continue: end < all.length ? `${end}` : '' };
    response.writeHead(200, { 'content-type': 'application/json' });
    response.end(JSON.stringify({ metadata, items: all.slice(begin, end) }));
  };

  return {
    serve,
    put,
    remove,
    watches,
    version: () => version,
    /** Changes something without telling any watch, as if it happened while the connection was down. */
    silently(change: () => void): void {
      const open = [...watches];
      watches.clear();
      change();
      for (const watch of open) watches.add(watch);
    },
    /** Forgets all events: a watch from an older resourceVersion gets 410. */
    compact(): void {
      history = [];
      compactedTo = version;
    },
    /** Goes back in time, as etcd restored from a backup. */
    restoreTo(older: number): void {
      version = older;
      history = [];
      compactedTo = 0;
      objects.clear();
    },
    bookmark(at: number): void {
      version = Math.max(version, at);
      for (const watch of watches) {
        watch.write(`${JSON.stringify({ type: 'BOOKMARK', object: { metadata: { resourceVersion: `${at}` } } })}\n`);
      }
    },
    writeRaw(line: string): void {
      for (const watch of watches) watch.write(line);
    },
    cutWatches(): void {
      for (const watch of watches) watch.socket?.destroy();
      watches.clear();
    },
    endWatches(): void {
      for (const watch of watches) watch.end();
      watches.clear();
    },
  };
}
