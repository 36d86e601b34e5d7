import { once } from 'node:events';
import { createServer, type ServerResponse } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { type ListenAddress } from './env-schema.ts';
import { type Logger } from './logger.ts';

/** True is well; false or a text (what is wrong) is not; neither is an exception or no answer within 2 s. */
type HealthCheck = () => boolean | string | Promise<boolean | string>;

/** Metrics in the text format of Prometheus. */
export interface MetricsSource {
  readonly contentType: string;
  metrics(): Promise<string>;
}

export interface HealthServerOptions {
  address: ListenAddress;
  logger: Logger;
  /** `/readyz` answers 200 only when all of these are well. */
  readiness?: Record<string, HealthCheck>;
  /** `/healthz`, likewise; keep it to what a restart would mend. */
  liveness?: Record<string, HealthCheck>;
  /** Served at `/metrics`. */
  metrics?: MetricsSource;
}

export interface HealthServer {
  /** The port in use; helps when 0 was asked for. */
  readonly port: number;
  close(): Promise<void>;
}

const CHECK_TIMEOUT_MS = 2000;

/** Serves `/healthz`, `/readyz` and `/metrics` over HTTP. @throws when the address is taken */
export async function startHealthServer(options: HealthServerOptions): Promise<HealthServer> {
  const { address, logger, readiness = {}, liveness = {}, metrics } = options;

  async function answer(path: string, response: ServerResponse): Promise<void> {
    if (path === '/healthz') return sendChecks(liveness, response);
    if (path === '/readyz') return sendChecks(readiness, response);
    if (path !== '/metrics' || metrics === undefined) return send(response, 404, 'not found\n');
    const text = await metrics.metrics();
    response.writeHead(200, { 'content-type': metrics.contentType }).end(text);
  }

  const server = createServer((request, response) => {
    if (request.method !== 'GET' && request.method !== 'HEAD') return send(response, 405, 'GET only\n');
    const path = (request.url ?? '/').split('?', 1)[0] ?? '/';
    answer(path, response).catch((error: unknown) => {
      logger.error({ err: error, path }, 'Health request failed');
      send(response, 500, 'failed\n');
    });
  });
  server.listen(address.port, address.host);
  await once(server, 'listening');
  const bound = server.address();
  const port = typeof bound === 'object' && bound !== null ? bound.port : address.port;
  logger.info({ host: address.host, port }, 'Serving health and metrics');
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

async function sendChecks(checks: Record<string, HealthCheck>, response: ServerResponse): Promise<void> {
  const results = await Promise.all(
    Object.entries(checks).map(async ([name, check]) => ({ name, problem: await findProblem(check) })),
  );
  const lines = results.map(({ name, problem }) => (problem === undefined ? `[+] ${name}` : `[-] ${name}: ${problem}`));
  const ok = results.every(({ problem }) => problem === undefined);
  send(response, ok ? 200 : 503, [...lines, ok ? 'ok' : 'not ok', ''].join('\n'));
}

async function findProblem(check: HealthCheck): Promise<string | undefined> {
  const timer = new AbortController();
  try {
    const late = sleep(CHECK_TIMEOUT_MS, 'no answer in time', { signal: timer.signal });
    const result = await Promise.race([Promise.resolve().then(check), late]);
    return result === true ? undefined : result === false ? 'failed' : result;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  } finally {
    timer.abort();
  }
}

function send(response: ServerResponse, code: number, text: string): void {
  if (!response.headersSent) response.writeHead(code, { 'content-type': 'text/plain; charset=utf-8' });
  response.end(text);
}

/** Where a process shows its health and its metrics; both may share an address, and one server then serves both. */
export function observationAddresses(env: {
  healthAddress: ListenAddress | undefined;
  metricsAddress: ListenAddress | undefined;
}): ListenAddress[] {
  const addresses = [env.healthAddress, env.metricsAddress].filter((address) => address !== undefined);
  return [...new Map(addresses.map((address) => [`${address.host} ${address.port}`, address])).values()];
}
