import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { Agent, request, type RequestOptions } from 'node:https';
import { readFile, writeFile } from 'node:fs/promises';
import { buffer } from 'node:stream/consumers';
import { createKubeConfig } from '../../runtime/kube/client-node.ts';
import { z } from 'zod';
import { isWatch, type WatchStalls } from './watch-stalls.ts';

/** A write that a client sends to the API server. */
export interface KubeWrite {
  method: string;
  /** Plural of the kind, for example `secrets`. */
  resource: string;
  name: string;
  /** '' for the object itself. */
  subresource: string;
  body: unknown;
}

/** What becomes of a write. A stopped one is never answered: whoever sent it is to be killed. */
export type Passage =
  | { kind: 'pass' }
  /** It reaches the API server when that is over. */
  | { kind: 'passAfter'; over: Promise<unknown> }
  /** It never reaches the API server, and its client learns that at once: a step within a task goes on beside it. */
  | { kind: 'breakOff' }
  /** It never reaches the API server. */
  | { kind: 'stopBefore'; onStopped: () => void }
  /** It is done, and its client never learns of it. One that the API server refuses is answered, and not stopped. */
  | { kind: 'stopAfter'; onStopped: () => void };

export interface KubeGateOptions {
  /** Whose token goes with all that passes the gate. */
  kubeconfigPath: string;
  /** Where the gate writes the kubeconfig that leads to it. */
  gatedKubeconfigPath: string;
  decide: (write: KubeWrite) => Passage;
  /** Holds watches back. */
  stalls?: WatchStalls;
}

/** Stands between a process and the API server and stops chosen writes, before or after they are done. */
export async function startKubeGate(options: KubeGateOptions): Promise<{ close(): Promise<void> }> {
  const config = createKubeConfig();
  config.loadFromFile(options.kubeconfigPath);
  const upstream: RequestOptions = {};
  await config.applyToHTTPSOptions(upstream);
  const target = new URL(config.getCurrentCluster()?.server ?? '');
  const agent = new Agent({ keepAlive: true, ca: upstream.ca });

  const server = createServer((incoming, outgoing) => {
    handle(incoming, outgoing).catch(() => outgoing.destroy());
  });
  const handle = async (incoming: IncomingMessage, outgoing: ServerResponse): Promise<void> => {
    const url = incoming.url ?? '/';
    const body = await buffer(incoming);
    const passage = incoming.method === 'GET' ? { kind: 'pass' as const } : options.decide(readWrite(incoming, body));
    if (passage.kind === 'stopBefore') return passage.onStopped();
    if (passage.kind === 'breakOff') return void outgoing.destroy();
    if (passage.kind === 'passAfter') await passage.over;
    const forwarded = request(new URL(url, target), {
      agent,
      method: incoming.method,
      headers: { ...incoming.headers, host: target.host },
    });
    outgoing.on('close', () => forwarded.destroy());
    forwarded.on('error', () => outgoing.destroy());
    forwarded.on('response', (answer) => {
      if (passage.kind === 'stopAfter' && (answer.statusCode ?? 500) < 300) {
        answer.resume();
        answer.on('end', passage.onStopped);
        return;
      }
      outgoing.writeHead(answer.statusCode ?? 502, answer.headers);
      // A watch that has nothing to say must still show that it began.
      outgoing.flushHeaders();
      const { stalls } = options;
      if (stalls !== undefined && isWatch(url)) stalls.pass(readWrite(incoming, body).resource, answer, outgoing);
      else answer.pipe(outgoing);
    });
    forwarded.end(body);
  };

  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('The gate has no port');
  const kubeconfig = await renderGatedKubeconfig(address.port, options.kubeconfigPath);
  await writeFile(options.gatedKubeconfigPath, kubeconfig, { mode: 0o600 });
  return {
    async close() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
      agent.destroy();
    },
  };
}

/** `/apis/<group>/<version>/namespaces/<namespace>/<resource>/<name>/<subresource>`; core: `/api/<version>/…`. */
function readWrite({ method = '', url = '' }: IncomingMessage, body: Buffer): KubeWrite {
  const [path = ''] = url.split('?');
  const parts = path.split('/').slice(path.startsWith('/apis/') ? 4 : 3);
  const [resource = '', name = '', subresource = ''] = parts[0] === 'namespaces' ? parts.slice(2) : parts;
  return { method, resource, name, subresource, body: body.length === 0 ? undefined : JSON.parse(body.toString()) };
}

const sourceSchema = z.object({ users: z.tuple([z.object({ user: z.object({ tokenFile: z.string() }) })]) });

async function renderGatedKubeconfig(port: number, source: string): Promise<string> {
  const parsed: unknown = JSON.parse(await readFile(source, 'utf8'));
  const [{ user }] = sourceSchema.parse(parsed).users;
  const name = 'gate';
  return JSON.stringify({
    apiVersion: 'v1',
    kind: 'Config',
    'current-context': name,
    // client-node refuses plain HTTP without it.
    clusters: [{ name, cluster: { server: `http://127.0.0.1:${port}`, 'insecure-skip-tls-verify': true } }],
    users: [{ name, user }],
    contexts: [{ name, context: { cluster: name, user: name } }],
  });
}
