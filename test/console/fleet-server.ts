import type { ServerResponse } from 'node:http';
import { z } from 'zod';
import { type FakeApiServer, startFakeApiServer } from '../runtime/kube/fake-api-server.ts';

interface FleetObject {
  metadata: { namespace: string; name: string };
}

/** An API server with the kinds that the console looks at: lists, watches, single objects, reviews. */
export interface FleetServer {
  api: FakeApiServer;
  put(kind: string, object: FleetObject): void;
  remove(kind: string, object: FleetObject): void;
  /** Whom a token belongs to; undefined: nobody. */
  users: Map<string, { username: string; groups: string[] }>;
  /** Whether a user may do something there. */
  allows: (review: AccessReview) => boolean;
  /** How often was asked. */
  reviews: { token: number; access: number };
  /** Kinds that nobody may list. */
  refused: Set<string>;
  close(): Promise<void>;
}

export interface AccessReview {
  user: string;
  namespace: string;
  resource: string;
  verb: string;
}

/** Starts it with what there is, by plural. */
export async function startFleetServer(objects: Readonly<Record<string, readonly object[]>>): Promise<FleetServer> {
  const api = await startFakeApiServer();
  const kinds = new Map<string, Map<string, object>>();
  const watchers = new Map<string, Set<ServerResponse>>();
  /** What a watch that begins later is told. */
  const sent = new Map<string, { version: number; line: string }[]>();
  let version = 10;
  const kindOf = (kind: string): Map<string, object> => {
    const known = kinds.get(kind) ?? new Map<string, object>();
    kinds.set(kind, known);
    return known;
  };
  const stamp = (object: FleetObject): FleetObject => ({
    ...object,
    metadata: Object.assign({}, object.metadata, { resourceVersion: String(++version) }),
  });
  const send = (kind: string, type: string, object: object): void => {
    const line = `${JSON.stringify({ type, object })}\n`;
    sent.set(kind, [...(sent.get(kind) ?? []), { version, line }]);
    for (const watcher of watchers.get(kind) ?? []) watcher.write(line);
  };
  const server: FleetServer = {
    api,
    put(kind, object) {
      const key = `${object.metadata.namespace}/${object.metadata.name}`;
      const known = kindOf(kind);
      const type = known.has(key) ? 'MODIFIED' : 'ADDED';
      const stamped = stamp(object);
      known.set(key, stamped);
      send(kind, type, stamped);
    },
    remove(kind, object) {
      kindOf(kind).delete(`${object.metadata.namespace}/${object.metadata.name}`);
      send(kind, 'DELETED', stamp(object));
    },
    users: new Map(),
    allows: () => true,
    reviews: { token: 0, access: 0 },
    refused: new Set(),
    close: () => api.close(),
  };
  for (const [kind, items] of Object.entries(objects)) {
    for (const item of items) if (isFleetObject(item)) server.put(kind, item);
    sent.delete(kind);
  }
  api.otherwise = (request, response, body) => {
    const url = new URL(request.url ?? '', 'http://localhost');
    const parts = url.pathname.split('/');
    const answer = (code: number, value: object): void =>
      void response.writeHead(code, { 'content-type': 'application/json' }).end(JSON.stringify(value));
    if (request.method === 'POST') return answer(201, review(server, parts.at(-1) ?? '', body));
    const at = parts.indexOf('namespaces');
    const [kind = '', name] = at === -1 ? parts.slice(-1) : parts.slice(at + 2);
    if (server.refused.has(kind)) return answer(403, { kind: 'Status', code: 403, reason: 'Forbidden', message: 'no' });
    if (url.searchParams.get('watch') === 'true') {
      response.writeHead(200, { 'content-type': 'application/json' }).flushHeaders();
      const from = Number(url.searchParams.get('resourceVersion'));
      for (const { version: at, line } of sent.get(kind) ?? []) if (at > from) response.write(line);
      const open = watchers.get(kind) ?? new Set();
      watchers.set(kind, open.add(response));
      response.on('close', () => open.delete(response));
      return;
    }
    if (name === undefined) {
      return answer(200, { metadata: { resourceVersion: String(version) }, items: [...kindOf(kind).values()] });
    }
    const found = kindOf(kind).get(`${parts[at + 1]}/${name}`);
    if (found !== undefined) return answer(200, found);
    answer(404, { kind: 'Status', code: 404, reason: 'NotFound', message: 'none', details: { name } });
  };
  return server;
}

const reviewSchema = z.object({
  spec: z.object({
    token: z.string().default(''),
    user: z.string().default(''),
    resourceAttributes: z
      .object({ namespace: z.string().default(''), resource: z.string(), verb: z.string() })
      .default({ namespace: '', resource: '', verb: '' }),
  }),
});

function review(server: FleetServer, kind: string, body: string): object {
  const { spec } = reviewSchema.parse(JSON.parse(body));
  if (kind === 'tokenreviews') {
    server.reviews.token++;
    const user = server.users.get(spec.token);
    return { metadata: {}, status: user === undefined ? { authenticated: false } : { authenticated: true, user } };
  }
  server.reviews.access++;
  const { namespace, resource, verb } = spec.resourceAttributes;
  return { metadata: {}, status: { allowed: server.allows({ user: spec.user, namespace, resource, verb }) } };
}

function isFleetObject(item: object): item is FleetObject {
  return 'metadata' in item;
}
