import { type RequestOptions } from 'node:https';
import { setTimeout as sleep } from 'node:timers/promises';
import type { KubeConfig } from '@kubernetes/client-node';
import { Agent, type Dispatcher, ProxyAgent, request } from 'undici';
import { KubeApiError, KubeConnectionError, toKubeApiError } from './error.ts';
import { type KubeconfigChoice, loadAccess } from './kubeconfig.ts';

export interface TransportOptions extends KubeconfigChoice {
  userAgent: string;
}

export interface KubeRequest {
  method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  path: string;
  query?: URLSearchParams | undefined;
  body?: unknown;
  contentType?: string | undefined;
  accept?: string | undefined;
  signal?: AbortSignal | undefined;
  /** Longest time to the first byte of the answer, and for plain requests to its last. */
  timeoutMs: number;
  /** Longest silence inside a streamed answer. */
  idleTimeoutMs?: number | undefined;
  /** The body must not be quoted in errors. */
  secretBody?: boolean;
}

export interface KubeTransport {
  /** Sends and reads the whole answer. @throws KubeApiError, KubeConnectionError, or the signal's reason */
  send(request: KubeRequest): Promise<string>;
  /** Sends and hands out the body as it comes. @throws as `send` */
  stream(request: KubeRequest): Promise<AsyncIterable<Uint8Array>>;
  close(): Promise<void>;
}

// A pool per origin: the watches of one process, and enough for a burst of calls. More would only cost TLS handshakes.
const MAX_CONNECTIONS = 40;
const MAX_RETRIES = 5;
const DEFAULT_RETRY_AFTER_MS = 1000;

/**
 * HTTP to the API server with client-node's notion of kubeconfig and credentials, and with one shared connection pool.
 * (client-node 2.0.1 makes a new pool, and so a new TLS handshake, for each request.) A token in a file is read again
 * each minute, and when it is refused; certificates are read once.
 */
export function createKubeTransport(options: TransportOptions): KubeTransport {
  const { config, server, token } = loadAccess(options);
  let dispatcher: Dispatcher | undefined;

  async function authorize(
    bearer: string | undefined,
  ): Promise<{ headers: Record<string, string>; dispatcher: Dispatcher }> {
    const https: RequestOptions = {};
    await config.applyToHTTPSOptions(https);
    dispatcher ??= createDispatcher(config, https);
    const headers: Record<string, string> = { 'user-agent': options.userAgent };
    for (const [name, value] of Object.entries(https.headers ?? {})) headers[name] = String(value);
    if (typeof https.auth === 'string') {
      headers['Authorization'] = `Basic ${Buffer.from(https.auth).toString('base64')}`;
    }
    if (bearer !== undefined) headers['Authorization'] = `Bearer ${bearer}`;
    return { headers, dispatcher };
  }

  async function dispatchOnce(
    kube: KubeRequest,
    bearer: string | undefined,
    signal: AbortSignal,
  ): Promise<Dispatcher.ResponseData> {
    const auth = await authorize(bearer);
    const headers = { ...auth.headers, accept: kube.accept ?? 'application/json' };
    const body = kube.body === undefined ? undefined : JSON.stringify(kube.body);
    return request(server + kube.path + (kube.query === undefined ? '' : `?${kube.query.toString()}`), {
      method: kube.method,
      headers: body === undefined ? headers : { ...headers, 'content-type': kube.contentType ?? 'application/json' },
      body: body ?? null,
      dispatcher: auth.dispatcher,
      signal,
      headersTimeout: kube.timeoutMs,
      bodyTimeout: kube.idleTimeoutMs ?? kube.timeoutMs,
    });
  }

  /** Asks again with another token, and, after a while, on 429: with either the server did not touch the request. */
  async function dispatch(kube: KubeRequest, signal: AbortSignal): Promise<Dispatcher.ResponseData> {
    for (let attempt = 0; ; attempt++) {
      const bearer = token?.current();
      const answer = await dispatchOnce(kube, bearer, signal);
      if (answer.statusCode < 400) return answer;
      const text = await answer.body.text();
      const isRenewed = answer.statusCode === 401 && token?.reread() !== bearer;
      if (attempt >= MAX_RETRIES || (answer.statusCode !== 429 && !isRenewed)) {
        throw toKubeApiError(describe(kube), answer.statusCode, parseJson(text), kube.secretBody ?? false);
      }
      if (!isRenewed) await sleep(readRetryAfterMs(answer.headers['retry-after']), undefined, { signal });
    }
  }

  async function send(kube: KubeRequest): Promise<string> {
    const timeout = AbortSignal.timeout(kube.timeoutMs);
    const signal = kube.signal === undefined ? timeout : AbortSignal.any([kube.signal, timeout]);
    try {
      const { body } = await dispatch(kube, signal);
      return await body.text();
    } catch (error) {
      throw translate(error, kube, timeout.aborted);
    }
  }

  async function stream(kube: KubeRequest): Promise<AsyncIterable<Uint8Array>> {
    const signal = kube.signal ?? new AbortController().signal;
    try {
      const answer = await dispatch(kube, signal);
      return readChunks(answer.body, kube);
    } catch (error) {
      throw translate(error, kube, false);
    }
  }

  return { send, stream, close: async () => dispatcher?.destroy() };
}

function createDispatcher(config: KubeConfig, https: RequestOptions): Dispatcher {
  const { ca, cert, key, pfx, passphrase, rejectUnauthorized, servername } = https;
  const wanted = { ca, cert, key, pfx, passphrase, rejectUnauthorized, servername };
  const chosen = config.createDispatcherOptions(config.getCurrentCluster(), wanted);
  const keepAlive = { keepAlive: true, keepAliveInitialDelay: 30_000 };
  const pool = { connections: MAX_CONNECTIONS, allowH2: false };
  switch (chosen.type) {
    case 'agent':
      return new Agent({ ...pool, connect: withoutUnset(chosen.connect) });
    case 'none':
      return new Agent({ ...pool, connect: keepAlive });
    case 'proxy':
      return new ProxyAgent({ ...pool, uri: chosen.uri, requestTls: withoutUnset(chosen.requestTls) });
    case 'socks':
      throw new Error('The kubeconfig asks for a SOCKS proxy, which is not supported');
  }
}

/** undici's types refuse what Node's allow: a port or timeout that is there but undefined. */
function withoutUnset<T extends { port?: unknown; timeout?: unknown }>(tls: T): Omit<T, 'port' | 'timeout'> {
  const { port: _port, timeout: _timeout, ...rest } = tls;
  return rest;
}

async function* readChunks(body: AsyncIterable<Uint8Array>, kube: KubeRequest): AsyncGenerator<Uint8Array> {
  try {
    yield* body;
  } catch (error) {
    throw translate(error, kube, false);
  }
}

const ours = [KubeApiError, KubeConnectionError];

/** Leaves our own errors and the caller's own abort as they are; everything else is a connection that failed. */
function translate(error: unknown, kube: KubeRequest, timedOut: boolean): unknown {
  if (kube.signal?.aborted === true) return kube.signal.reason;
  if (!(error instanceof Error) || ours.some((own) => error instanceof own)) return error;
  const code = 'code' in error && typeof error.code === 'string' ? error.code : error.name;
  const byUndici = code === 'UND_ERR_HEADERS_TIMEOUT' || code === 'UND_ERR_BODY_TIMEOUT';
  const why = timedOut || byUndici ? `no answer within ${kube.timeoutMs} ms` : `${code} ${error.message}`;
  return new KubeConnectionError(`${describe(kube)}: ${why}`, { timedOut: timedOut || byUndici, cause: error });
}

function describe(kube: KubeRequest): string {
  return `${kube.method} ${kube.path}`;
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function readRetryAfterMs(header: string | string[] | undefined): number {
  const seconds = Number(typeof header === 'string' ? header : Number.NaN);
  return Number.isFinite(seconds) ? Math.min(Math.max(seconds, 0.1), 30) * 1000 : DEFAULT_RETRY_AFTER_MS;
}
