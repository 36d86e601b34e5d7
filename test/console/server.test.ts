import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { readAssets } from '../../console/assets.ts';
import { parseAnswer } from '../../console/page/answer.ts';
import type { FleetCell } from '../../domain/report/fleet/fleet-cell.ts';
import type { MapChange } from '../../domain/report/fleet/fleet-map.ts';
import type { HostPage, PoolPage } from '../../domain/report/fleet/fleet-pages.ts';
import { callCli } from '../cli/call.ts';
import { host, standing } from '../cli/fleet-fixture.ts';
import { type FleetServer, startFleetServer } from './fleet-server.ts';
import { type RunningConsole, runConsole } from './running-console.ts';

let server: FleetServer;
let running: RunningConsole;
beforeEach(async () => {
  server = await startFleetServer(standing);
  running = await runConsole({ client: server.api.client });
});
afterEach(async () => {
  await running[Symbol.asyncDispose]();
  await server.close();
});

const ask = (path: string, headers: Record<string, string> = {}) => fetch(running.url + path, { headers });
async function json<T extends object>(path: string): Promise<T> {
  return parseAnswer<T>(await (await ask(path)).text());
}
type Whole = MapChange & { position: string };

/** What comes of the stream until `done` says that it is enough. */
async function listen(headers: Record<string, string>, done: (text: string) => boolean): Promise<string> {
  const response = await ask('/api/events', headers);
  let text = '';
  for await (const chunk of response.body?.pipeThrough(new TextDecoderStream()) ?? []) {
    text += chunk;
    if (done(text)) break;
  }
  return text;
}

describe('the fleet map', () => {
  it('shows each host once, in the row of its pool and in its order', async () => {
    const { cells, rows } = await json<Whole>('/api/fleet');
    expect(cells.map(({ name, state, reason }) => [name, state, reason])).toEqual([
      ['rack1', 'Running', 'Ready'],
      ['rack2', 'Failed', 'PlanFailed'],
      ['rack3', 'Quarantined', 'MemberNotReady'],
      ['rack4', 'Releasing', ''],
      ['rack5', 'Missing', 'MemberMissing'],
    ]);
    expect(cells.map(({ place }) => place)).toEqual([0, 1, 2, 3, 4]);
    expect(rows).toEqual([{ namespace: 'metal', name: 'workers', cluster: 'c1', waiting: 1, reason: '' }]);
  });

  it('tells a change from where the viewer stands, and nothing else', async () => {
    const { position } = await json<Whole>('/api/fleet');
    server.put('machineinventories', host('rack5'));
    const text = await listen({ 'last-event-id': position }, (so) => so.includes('event: change'));
    const change = parseAnswer<MapChange>(/data: (.*)/.exec(text)?.[1] ?? '');
    expect(change.cells.map(({ name, state }) => [name, state])).toEqual([['rack5', 'Unusable']]);
    expect(text).toContain(`id: test.${change.version}\n`);
  });

  it('tells what a viewer missed that comes back', async () => {
    const { position } = await json<Whole>('/api/fleet');
    const changed = new Promise((resolve) => void running.sight.onChange(resolve));
    server.remove('machineinventories', host('rack3'));
    await changed;
    const text = await listen({ 'last-event-id': position }, (so) => so.includes('event: change'));
    const change = parseAnswer<MapChange>(/data: (.*)/.exec(text)?.[1] ?? '');
    expect(change.cells.map(({ name, state }) => [name, state])).toEqual([['rack3', 'Missing']]);
  });

  it.each([[{}], [{ 'last-event-id': 'another.1' }], [{ 'last-event-id': 'nonsense' }]])(
    'begins anew with a viewer of another process (%j)',
    async (headers) => {
      expect(await listen(headers, (so) => so.includes('event:'))).toContain('event: reset');
    },
  );
});

describe('what is told of a host', () => {
  it.each(['rack1', 'rack2', 'rack3', 'rack5'])('is what `ironloom explain host` says (%s)', async (name) => {
    const { told } = await json<HostPage>(`/api/hosts/metal/${name}`);
    const { out } = await callCli(['explain', 'host', name, '-n', 'metal', '--kubeconfig', server.api.kubeconfigPath]);
    for (const text of [told.state, told.expected, told.observed, told.next, ...told.ways.map((way) => way.text)]) {
      expect(out).toContain(text);
    }
  });

  it('holds its machine, the phases of its present life, and its run', async () => {
    const { machine } = await json<HostPage>('/api/hosts/metal/rack2');
    expect(machine?.life).toEqual([
      { phase: 'Pending', from: '2026-07-05T01:00:00Z', to: '2026-07-05T03:30:00Z' },
      { phase: 'Failed', from: '2026-07-05T03:30:00Z' },
    ]);
    expect(machine?.runUrl).toBe(
      'http://temporal.example/namespaces/default/workflows/machine%2Fmetal%2Fm-failed%2Fuid-m-failed',
    );
  });

  it('offers no command to paste that a shell would take for another', async () => {
    const evil = '$(reboot)';
    server.put('machineinventories', host('rack4', { ...ownedBy(evil), 'baremetal.alauda.io/pool': 'workers' }));
    await expect.poll(async () => (await cell('rack4')).machine).toBe(evil);
    const { told } = await json<HostPage>('/api/hosts/metal/rack4');
    expect(told.ways.filter(({ text }) => text.includes(evil)).map(({ typable }) => typable)).toEqual([false]);
  });

  it.each([
    '/api/hosts/metal/none',
    '/api/hosts/metal',
    '/api/hosts/metal/rack1/more',
    '/api/hosts/%ff/x',
    '/api/x/metal/rack1',
  ])('is nothing for %s', async (path) => {
    expect((await ask(path)).status).toBe(404);
  });

  it('tells a pool as `ironloom explain pool` does', async () => {
    const { told } = await json<PoolPage>('/api/pools/metal/workers');
    const { out } = await callCli([
      'explain',
      'pool',
      'workers',
      '-n',
      'metal',
      '--kubeconfig',
      server.api.kubeconfigPath,
    ]);
    for (const text of [told.state, told.expected, told.observed, told.next]) expect(out).toContain(text);
  });
});

const ownedBy = (name: string) => ({
  'baremetal.alauda.io/owner-uid': 'uid-x',
  'baremetal.alauda.io/owner-baremetalmachine': name,
});
async function cell(name: string): Promise<Partial<FleetCell>> {
  const { cells } = await json<Whole>('/api/fleet');
  return cells.find((one) => one.name === name) ?? {};
}

describe('the server', () => {
  it('allows no script from elsewhere, and no other method', async () => {
    const page = await ask('/');
    expect(page.headers.get('content-security-policy')).toContain("default-src 'none'; script-src 'self'");
    expect(await page.text()).not.toMatch(/<script(?![^>]*src=)|\sstyle=|\son\w+=|https?:/);
    expect((await fetch(`${running.url}/api/fleet`, { method: 'POST' })).status).toBe(405);
  });

  it('answers a browser that was led here under another name nothing', async () => {
    const { port } = new URL(running.url);
    const { request } = await import('node:http');
    const status = await new Promise((resolve) => {
      request(
        { port, host: '127.0.0.1', path: '/api/fleet', headers: { host: `rebound.example:${port}` } },
        (response) => {
          response.resume();
          resolve(response.statusCode);
        },
      ).end();
    });
    expect(status).toBe(403);
  });

  it.each(['/package.json', '/page/../main.ts', '/page/%2e%2e/main.ts', '/console/main.ts', '/page/tsconfig.json'])(
    'serves the page and no other file (%s)',
    async (path) => {
      expect((await ask(path)).status).toBe(404);
    },
  );

  it('has each module that the page asks for, without its types', async () => {
    const assets = await readAssets();
    const modules = [...assets].filter(([path]) => path.endsWith('.ts'));
    const wanted = modules.flatMap(([path, { body }]) =>
      Array.from(
        String(body).matchAll(/^\s*(?:import|export) .*from '(.+)';/gm),
        ([, to = '']) => new URL(to, `http://x${path}`).pathname,
      ),
    );
    expect(wanted.length).toBeGreaterThan(10);
    expect(wanted.filter((path) => !assets.has(path))).toEqual([]);
  });
});
