import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pino } from 'pino';
import { createKubeClient, type KubeClient } from '../../../runtime/kube/client.ts';

export type Answer = (request: IncomingMessage, response: ServerResponse, body: string) => void;

interface SeenRequest {
  method: string;
  url: URL;
  headers: IncomingMessage['headers'];
  body: string;
}

/** An HTTP server that stands in for the API server: it answers what the test says. */
export interface FakeApiServer {
  readonly client: KubeClient;
  readonly requests: SeenRequest[];
  readonly kubeconfigPath: string;
  readonly port: number;
  /** TCP connections ever accepted. */
  connections(): number;
  /** Answers used once each, in order, before `otherwise`. */
  readonly next: Answer[];
  otherwise: Answer;
  close(): Promise<void>;
}

export const silentLogger = pino({ level: 'silent' });

export async function startFakeApiServer(options: { requestTimeoutMs?: number } = {}): Promise<FakeApiServer> {
  const sockets = new Set<Socket>();
  let connections = 0;
  const requests: SeenRequest[] = [];
  const next: Answer[] = [];
  const server: Server = createServer((request, response) => {
    let body = '';
    request.setEncoding('utf8');
    request.on('data', (chunk: string) => (body += chunk));
    request.on('end', () => {
      const url = new URL(request.url ?? '/', 'http://127.0.0.1');
      requests.push({ method: request.method ?? '', url, headers: request.headers, body });
      (next.shift() ?? fake.otherwise)(request, response, body);
    });
  });
  server.on('connection', (socket: Socket) => {
    connections++;
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const bound = server.address();
  const port = typeof bound === 'object' && bound !== null ? bound.port : 0;
  const folder = await mkdtemp(join(tmpdir(), 'ironloom-kube-'));
  const kubeconfigPath = join(folder, 'kubeconfig');
  await writeFile(kubeconfigPath, kubeconfigFor(`http://127.0.0.1:${port}`));
  const client = createKubeClient({ kubeconfigPath, userAgent: 'ironloom-test', ...options });
  const fake: FakeApiServer = {
    client,
    requests,
    kubeconfigPath,
    port,
    next,
    connections: () => connections,
    otherwise: answerMissing('one'),
    async close() {
      await client.close();
      for (const socket of sockets) socket.destroy();
      server.close();
      await rm(folder, { recursive: true, force: true });
    },
  };
  return fake;
}

function kubeconfigFor(server: string): string {
  return JSON.stringify({
    clusters: [{ name: 'fake', cluster: { server, 'insecure-skip-tls-verify': true } }],
    users: [{ name: 'fake', user: { token: 'let-me-in' } }],
    contexts: [{ name: 'fake', context: { cluster: 'fake', user: 'fake' } }],
    'current-context': 'fake',
  });
}

export function answerJson(code: number, body: unknown, headers: Record<string, string> = {}): Answer {
  return (_request, response) => {
    response.writeHead(code, { 'content-type': 'application/json', ...headers }).end(JSON.stringify(body));
  };
}

export function answerStatus(code: number, reason: string, message = reason): Answer {
  return answerJson(code, { kind: 'Status', apiVersion: 'v1', status: 'Failure', code, reason, message });
}

/** What the API server says of an object that is not there. */
export function answerMissing(name: string): Answer {
  const details = { name, kind: 'configmaps' };
  return answerJson(404, { kind: 'Status', code: 404, reason: 'NotFound', message: `"${name}" not found`, details });
}

/** Cuts the connection without an answer. */
export const reset: Answer = (request) => request.socket.destroy();

/** Takes the request and never answers. */
export const silence: Answer = () => {};

/** Waits until `look` answers something other than undefined and false, or throws after 5 s. */
export async function eventually<T>(look: () => T | undefined | false, what = look.toString()): Promise<T> {
  const deadlineMs = performance.now() + 5000;
  for (;;) {
    const found = look();
    if (found !== undefined && found !== false) return found;
    if (performance.now() > deadlineMs) throw new Error(`Waited in vain for: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}
