import { connect as connectTcp, type Socket } from 'node:net';
import { connect as connectTls, type ConnectionOptions as TlsOptions } from 'node:tls';
import { type TLSConfig } from '@temporalio/client';
import { type TemporalEnv } from '../env.ts';
import { codeOf, explainTlsFailure, HungUpError } from './tls-failure.ts';

const DEFAULT_PORT = 7233;
const PROBE_TIMEOUT_MS = 3000;
/** What gRPC speaks. */
const ALPNProtocols = ['h2'];

/**
 * Looks why there is no connection to Temporal, which the SDK hardly says: name, port, TLS, certificates. In words for an
 * operator, with the variable to look at. undefined: nothing is wrong with these.
 */
export async function explainUnreached({ connectionOptions }: TemporalEnv): Promise<string | undefined> {
  const { host, port } = splitAddress(connectionOptions.address);
  const opened = await openTcp(host, port);
  if (!opened.ok) return explainTcpFailure(opened.code, host, port);
  const { socket } = opened;
  try {
    const tls = tlsOf(connectionOptions);
    if (tls === undefined) return (await speaksTls(socket)) ? TLS_IS_OFF : undefined;
    const failure = await greet(socket, toTlsOptions(tls, host));
    return failure === undefined ? undefined : explainTlsFailure(failure, tls);
  } finally {
    socket.destroy();
  }
}

const TLS_IS_OFF =
  'TLS is off here, and what listens there speaks it: set TEMPORAL_TLS=true, or TEMPORAL_TLS_SERVER_CA_CERT_PATH where the authority is one of your own';

/** Whether TLS is spoken, and how; undefined: it is not. An API key alone turns it on, as in the SDK. */
export function tlsOf({ tls, apiKey }: TemporalEnv['connectionOptions']): TLSConfig | undefined {
  const asked = tls ?? apiKey !== undefined;
  if (typeof asked === 'object') return asked;
  return asked ? {} : undefined;
}

/** What Node needs for the same. */
export function toTlsOptions(tls: TLSConfig, host: string): TlsOptions {
  const { serverNameOverride, serverRootCACertificate: ca, clientCertPair: pair } = tls;
  return {
    ALPNProtocols,
    host: serverNameOverride ?? host,
    ...(serverNameOverride !== undefined && { servername: serverNameOverride }),
    ...(ca !== undefined && { ca: Buffer.from(ca) }),
    ...(pair !== undefined && { cert: Buffer.from(pair.crt), key: Buffer.from(pair.key) }),
  };
}

function splitAddress(address: string): { host: string; port: number } {
  const [, name = address, , port] = /^(\[.*\]|[^:]*)(:(\d+))?$/.exec(address) ?? [];
  return { host: name.replaceAll(/[[\]]/g, ''), port: port === undefined ? DEFAULT_PORT : Number(port) };
}

function openTcp(host: string, port: number): Promise<{ ok: true; socket: Socket } | { ok: false; code: string }> {
  return new Promise((resolve) => {
    const socket = connectTcp({ host, port, timeout: PROBE_TIMEOUT_MS });
    const fail = (code: string): void => {
      socket.destroy();
      resolve({ ok: false, code });
    };
    socket.once('connect', () => resolve({ ok: true, socket }));
    socket.once('timeout', () => fail('ETIMEDOUT'));
    socket.once('error', (error) => fail(codeOf(error)));
  });
}

function explainTcpFailure(code: string, host: string, port: number): string {
  switch (code) {
    case 'ENOTFOUND':
    case 'EAI_AGAIN':
      return `the name ${host} is not found (${code}): is TEMPORAL_ADDRESS right?`;
    case 'ECONNREFUSED':
      return `nothing listens on port ${port} of ${host} (${code}): is Temporal up, and TEMPORAL_ADDRESS right?`;
    default:
      return `no way to port ${port} of ${host} (${code}): is TEMPORAL_ADDRESS right, and does a firewall or NetworkPolicy let us through?`;
  }
}

/** With TLS 1.3 a server refuses our certificate after its handshake: waits for its first word. undefined: it spoke. */
async function greet(socket: Socket, options: TlsOptions): Promise<Error | undefined> {
  return speakTls(socket, options, 'data');
}

async function speaksTls(socket: Socket): Promise<boolean> {
  return (await speakTls(socket, { ALPNProtocols, rejectUnauthorized: false }, 'secureConnect')) === undefined;
}

/** undefined: this event came; else what came instead of it. */
function speakTls(socket: Socket, options: TlsOptions, event: 'data' | 'secureConnect'): Promise<Error | undefined> {
  const { promise, resolve } = Promise.withResolvers<Error | undefined>();
  try {
    const secure = connectTls({ ...options, socket, timeout: PROBE_TIMEOUT_MS });
    secure.once(event, () => resolve(undefined));
    secure.once('error', resolve);
    secure.once('timeout', () => resolve(new Error(`no answer within ${PROBE_TIMEOUT_MS} ms`)));
    secure.once('close', () => resolve(new HungUpError()));
    void promise.finally(() => secure.destroy());
  } catch (error) {
    resolve(error instanceof Error ? error : new Error(String(error)));
  }
  return promise;
}
