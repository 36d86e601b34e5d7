import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { promisify } from 'node:util';
import { gzip } from 'node:zlib';
import type { ObjectKey } from '../api/meta.ts';
import type { ListenAddress } from '../runtime/env-schema.ts';
import type { Logger } from '../runtime/logger.ts';
import { type Access, isDenial, type Viewer } from './access.ts';
import type { Asset } from './assets.ts';
import type { Describer } from './describe-objects.ts';
import { streamEvents } from './events.ts';
import type { FleetSight } from './fleet-sight.ts';
import type { JournalSight } from './journal-sight.ts';
import { WholeAnswer } from './whole-answer.ts';

export interface ConsoleServerOptions {
  address: ListenAddress;
  assets: ReadonlyMap<string, Asset>;
  sight: FleetSight;
  describer: Describer;
  journal: JournalSight;
  access: Access;
  /** Names this process. */
  instance: string;
  logger: Logger;
  /** Default 20 s, see `streamEvents`. */
  beatMs?: number;
}

export interface ConsoleServer {
  readonly port: number;
  close(): Promise<void>;
}

const compress = promisify(gzip);

/** The browser runs what comes from here and talks to nobody else, whatever a tenant's words hold. */
const HEADERS = {
  'content-security-policy':
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-resource-policy': 'same-origin',
  'referrer-policy': 'no-referrer',
  'x-content-type-options': 'nosniff',
} as const;

/** Serves the page and what it shows. GET only: the console changes nothing. @throws when the address is taken */
export async function startConsoleServer(options: ConsoleServerOptions): Promise<ConsoleServer> {
  const { address, logger, sight, instance } = options;
  const answering = { ...options, whole: new WholeAnswer(sight.map, instance) };
  const server = createServer((request, response) => {
    for (const [name, value] of Object.entries(HEADERS)) response.setHeader(name, value);
    answer(answering, request, response).catch((error: unknown) => {
      logger.error({ err: error }, 'A request failed');
      if (response.headersSent) response.destroy();
      else void sendJson(response, 500, { error: 'The console could not answer; its log says why' });
    });
  });
  server.listen(address.port, address.host);
  await once(server, 'listening');
  const bound = server.address();
  const port = typeof bound === 'object' && bound !== null ? bound.port : address.port;
  return {
    port,
    async close() {
      const closed = once(server, 'close');
      server.close();
      server.closeAllConnections();
      await closed;
    },
  };
}

/** What requests are answered with. */
interface Answering extends ConsoleServerOptions {
  whole: WholeAnswer;
}

async function answer(options: Answering, request: IncomingMessage, response: ServerResponse): Promise<void> {
  if (request.method !== 'GET' && request.method !== 'HEAD') return sendJson(response, 405, { error: 'GET only' });
  const path = (request.url ?? '/').split('?', 1)[0] ?? '/';
  const asset = options.assets.get(path);
  if (asset !== undefined) return sendAsset(asset, request, response);
  if (!path.startsWith('/api/')) return sendJson(response, 404, { error: 'There is nothing here' });
  const viewer = await options.access(request.headers);
  if (isDenial(viewer)) {
    if (viewer.status === 401) response.setHeader('www-authenticate', 'Bearer realm="ironloom console"');
    return sendJson(response, viewer.status, { error: viewer.message });
  }
  return answerApi(options, { path, viewer, request, response });
}

interface ApiCall {
  path: string;
  viewer: Viewer;
  request: IncomingMessage;
  response: ServerResponse;
}

async function answerApi(options: Answering, call: ApiCall): Promise<void> {
  const { path, viewer, request, response } = call;
  const { sight, journal, whole } = options;
  const missing = sight.missing();
  if (missing.length > 0) return sendJson(response, 503, { error: `Not listed yet: ${missing.join(', ')}` });
  if (path === '/api/fleet') {
    const namespaces = await viewer.namespaces(sight.map.namespaces());
    if (!takesGzip(request)) return sendJson(response, 200, whole.plain(namespaces));
    return sendGzipped(response, 200, await whole.gzipped(namespaces));
  }
  if (path === '/api/events') return streamEvents({ beatMs: 20_000, ...options }, viewer, request, response);
  if (path === '/api/charts') {
    const namespaces = await viewer.namespaces(sight.map.namespaces());
    return sendJson(response, 200, await journal.charts({ namespaces, days: daysOf(request) }), request);
  }
  const [, , kind, namespace = '', name = '', part, ...rest] = path.split('/').map(decode);
  const isVisible = rest.length === 0 && name !== '' && (await viewer.namespaces(new Set([namespace]))).has(namespace);
  const page = isVisible ? await tellOf(options, viewer, { kind, part, key: { namespace, name } }) : undefined;
  if (page === undefined) return sendJson(response, 404, { error: 'There is none that you may see' });
  return sendJson(response, 200, page);
}

async function tellOf(
  { describer, journal }: ConsoleServerOptions,
  viewer: Viewer,
  { kind, part, key }: { kind: string | undefined; part: string | undefined; key: ObjectKey },
): Promise<object | undefined> {
  if (kind === 'hosts' && part === 'lives') return journal.lives(key);
  if (part !== undefined) return undefined;
  if (kind === 'hosts') return describer.host(key, await viewer.mayReadSecrets(key.namespace));
  return kind === 'pools' ? describer.pool(key) : undefined;
}

const CHART_DAYS: readonly number[] = [7, 30, 90];

/** As asked for by `?days=`; what is not drawn is a month. */
function daysOf({ url = '' }: IncomingMessage): number {
  const days = Number(new URL(url, 'http://localhost').searchParams.get('days'));
  return CHART_DAYS.includes(days) ? days : 30;
}

function sendAsset(asset: Asset, request: IncomingMessage, response: ServerResponse): void {
  const headers = { 'content-type': asset.contentType, etag: asset.etag, 'cache-control': 'no-cache' };
  if (request.headers['if-none-match'] === asset.etag) return void response.writeHead(304, headers).end();
  response.writeHead(200, { ...headers, 'content-length': asset.body.length }).end(asset.body);
}

const JSON_HEADERS = { 'content-type': 'application/json; charset=utf-8', 'cache-control': 'no-store' } as const;

async function sendJson(
  response: ServerResponse,
  status: number,
  body: object,
  compressFor?: IncomingMessage,
): Promise<void> {
  const text = JSON.stringify(body);
  if (compressFor !== undefined && takesGzip(compressFor)) {
    return sendGzipped(response, status, await compress(text, { level: 1 }));
  }
  response.writeHead(status, JSON_HEADERS).end(text);
}

function sendGzipped(response: ServerResponse, status: number, bytes: Buffer): void {
  response.writeHead(status, { ...JSON_HEADERS, 'content-encoding': 'gzip', vary: 'accept-encoding' }).end(bytes);
}

function takesGzip({ headers }: IncomingMessage): boolean {
  return /\bgzip\b/.test(String(headers['accept-encoding']));
}

function decode(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return '';
  }
}
