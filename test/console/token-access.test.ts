import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createTokenAccess } from '../../console/token-access.ts';
import { parseAnswer } from '../../console/page/answer.ts';
import type { MapChange } from '../../domain/report/fleet/fleet-map.ts';
import type { HostPage } from '../../domain/report/fleet/fleet-pages.ts';
import { pino } from 'pino';
import { standing } from '../cli/fleet-fixture.ts';
import { answerStatus } from '../runtime/kube/fake-api-server.ts';
import { type FleetServer, startFleetServer } from './fleet-server.ts';
import { type RunningConsole, runConsole } from './running-console.ts';

let server: FleetServer;
let running: RunningConsole;
let nowMs = 0;
let log = '';
beforeEach(async () => {
  server = await startFleetServer(standing);
  const logger = pino({ level: 'trace' }, { write: (line: string) => void (log += line) });
  const access = createTokenAccess({ client: server.api.client, logger, nowMs: () => nowMs });
  running = await runConsole({ client: server.api.client, access, beatMs: 20 });
  server.users.set('token-of-ada', { username: 'ada', groups: ['ops'] });
  nowMs = 0;
  log = '';
});
afterEach(async () => {
  await running[Symbol.asyncDispose]();
  await server.close();
});

const ask = (path: string, authorization?: string) =>
  fetch(running.url + path, { headers: authorization === undefined ? {} : { authorization } });
const seenBy = async (token: string): Promise<string[]> => {
  const { cells } = parseAnswer<MapChange>(await (await ask('/api/fleet', `Bearer ${token}`)).text());
  return cells.map(({ name }) => name);
};

describe('a console that wants tokens', () => {
  it.each([undefined, 'Basic YTpi', 'Bearer ', 'Bearer a b', 'Bearer nobodys', `Bearer ${'x'.repeat(15_000)}`])(
    'lets nobody in by %s',
    async (authorization) => {
      for (const path of ['/api/fleet', '/api/events', '/api/hosts/metal/rack1', '/api/pools/metal/workers']) {
        const response = await ask(path, authorization);
        expect([response.status, await response.text()]).toEqual([401, expect.not.stringContaining('rack')]);
      }
    },
  );

  it('shows the page that asks for a token to anybody', async () => {
    expect((await ask('/')).status).toBe(200);
  });

  it('shows the namespaces where all of our kinds may be listed, and no other', async () => {
    const allowed = new Set(['baremetalmachines', 'machineinventorypools', 'machineinventories']);
    server.allows = ({ user, namespace, resource, verb }) =>
      user === 'ada' && namespace === 'metal' && verb === 'list' && allowed.has(resource);
    expect(await seenBy('token-of-ada')).toHaveLength(5);
    expect((await ask('/api/hosts/metal/rack1', 'Bearer token-of-ada')).status).toBe(200);
    server.users.set('token-of-bob', { username: 'bob', groups: [] });
    expect(await seenBy('token-of-bob')).toEqual([]);
    expect(await seenBy('token-of-ada')).toHaveLength(5);
    nowMs += 30_000;
    allowed.delete('machineinventories');
    expect(await seenBy('token-of-ada')).toEqual([]);
    expect((await ask('/api/hosts/metal/rack1', 'Bearer token-of-ada')).status).toBe(404);
    expect((await ask('/api/pools/metal/workers', 'Bearer token-of-ada')).status).toBe(404);
  });

  it('looks into a plan Secret for those only who may read it', async () => {
    server.allows = ({ resource }) => resource !== 'secrets';
    const read = () => server.api.requests.filter(({ url }) => url.pathname.endsWith('/secrets/rack1-plan')).length;
    const page = parseAnswer<HostPage>(await (await ask('/api/hosts/metal/rack1', 'Bearer token-of-ada')).text());
    expect([page.secretSeen, read()]).toEqual([false, 0]);
    server.allows = () => true;
    nowMs += 30_000;
    await ask('/api/hosts/metal/rack1', 'Bearer token-of-ada');
    expect(read()).toBe(1);
  });

  it('asks the API server once in a while, and not each time', async () => {
    await seenBy('token-of-ada');
    const first = { ...server.reviews };
    await seenBy('token-of-ada');
    expect(server.reviews).toEqual(first);
    nowMs += 30_000;
    await seenBy('token-of-ada');
    expect(server.reviews.token).toBe(first.token + 1);
  });

  it('ends the stream of somebody who is not known any more', async () => {
    const response = await ask('/api/events', 'Bearer token-of-ada');
    server.users.clear();
    nowMs += 30_000;
    let text = '';
    for await (const chunk of response.body?.pipeThrough(new TextDecoderStream()) ?? []) text += chunk;
    expect(text).not.toContain('rack');
  });

  it('writes no token to its log, be it that the API server fails', async () => {
    server.api.next.push(answerStatus(500, 'InternalError', 'no'));
    const response = await ask('/api/fleet', 'Bearer token-of-eve');
    expect(response.status).toBe(503);
    expect(log).toContain('A token could not be looked at');
    expect(log).not.toContain('token-of-eve');
  });
});
