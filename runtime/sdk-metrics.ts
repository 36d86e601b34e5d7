import { once } from 'node:events';
import { createServer } from 'node:net';
import type { MetricsSource } from './health-server.ts';

const TIMEOUT_MS = 2_000;

/** A port of the loopback interface at which nobody listens now, where Temporal's SDK serves its metrics to this process. */
export async function findLoopbackPort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  await once(server, 'close');
  if (typeof address !== 'object' || address === null) throw new TypeError('A TCP server has an address and a port');
  return address.port;
}

/** The metrics of a source, and after them those of Temporal's SDK; without these while it does not answer. */
export function withSdkMetrics(source: MetricsSource, port: number | undefined): MetricsSource {
  if (port === undefined) return source;
  return {
    contentType: source.contentType,
    async metrics() {
      const [own, sdk] = await Promise.all([source.metrics(), readSdkMetrics(port)]);
      return own + sdk;
    },
  };
}

async function readSdkMetrics(port: number): Promise<string> {
  try {
    const response = await fetch(`http://127.0.0.1:${port}/metrics`, { signal: AbortSignal.timeout(TIMEOUT_MS) });
    return response.ok ? await response.text() : '';
  } catch {
    return '';
  }
}
