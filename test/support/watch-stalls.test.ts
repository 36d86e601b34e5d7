import { createServer, type IncomingMessage, request, type ServerResponse } from 'node:http';
import { once } from 'node:events';
import { afterEach, expect, it } from 'vitest';
import { createWatchStalls, isWatch, type WatchStalls } from './watch-stalls.ts';
import { waitFor } from './wait-for.ts';

const closing = new AsyncDisposableStack();
afterEach(() => closing[Symbol.asyncDispose]());

async function listen(handle: (incoming: IncomingMessage, outgoing: ServerResponse) => void): Promise<number> {
  const server = createServer(handle).listen(0, '127.0.0.1');
  closing.defer(() => server.closeAllConnections());
  closing.defer(() => void server.close());
  await once(server, 'listening');
  const address = server.address();
  return typeof address === 'object' && address !== null ? address.port : 0;
}

/** What a client reads of a watch that goes through the stalls. */
async function watchThrough(stalls: WatchStalls): Promise<{ say: (text: string) => void; read: () => string }> {
  const upstream = Promise.withResolvers<ServerResponse>();
  const from = await listen((_, outgoing) => {
    outgoing.flushHeaders();
    upstream.resolve(outgoing);
  });
  const through = await listen((_, outgoing) => {
    outgoing.flushHeaders();
    request({ port: from }, (answer) => stalls.pass('pools', answer, outgoing)).end();
  });
  let seen = '';
  request({ port: through }, (answer) => answer.on('data', (chunk: Buffer) => (seen += chunk.toString()))).end();
  const speaker = await upstream.promise;
  return { say: (text) => void speaker.write(text), read: () => seen };
}

it('holds back what a stalled kind brings, and gives it later, in order', async () => {
  const stalls = createWatchStalls();
  const { say, read } = await watchThrough(stalls);
  say('a');
  await waitFor('a has come', () => read() === 'a', read, { everyMs: 5 });
  stalls.stall('machines');
  say('b');
  await waitFor('b has come', () => read() === 'ab', read, { everyMs: 5 });
  stalls.stall('pools');
  say('c');
  say('d');
  const other = await watchThrough(stalls);
  other.say('e');
  stalls.resume();
  await waitFor('all has come', () => read() === 'abcd' && other.read() === 'e', read, { everyMs: 5 });
});

it('knows a watch by its address', () => {
  expect(['/api/v1/secrets?watch=true', '/x?limit=1&watch=1&y=z', '/x?watch=false', '/watch'].map(isWatch)).toEqual([
    true,
    true,
    false,
    false,
  ]);
});
