import { gzipSync } from 'node:zlib';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { type FakeApiServer, startFakeApiServer } from '../../runtime/kube/fake-api-server.ts';
import { callCli } from '../call.ts';

const plan = '{"ironloomAttempt":"clean-2-uid-2.secret-1"}';
const pack = (text: string): Buffer =>
  gzipSync(JSON.stringify({ 'ironloom-clean': Buffer.from(text).toString('base64') }));
const encode = (value: string | Buffer): string => Buffer.from(value).toString('base64');
const kept = JSON.stringify({
  attempt: 'reprovision-1-uid-1.secret-1',
  time: '2026-07-05T03:04:05Z',
  step: 'upgrade',
  code: 1,
  output: pack('one\ntwo\u001b[2J\nironloom: step upgrade failed with exit code 1\n').toString('base64'),
});
const metadata = (name: string) => ({ namespace: 'metal', name });
const machine = (status: object) => ({
  apiVersion: 'infrastructure.cluster.x-k8s.io/v1beta1',
  kind: 'BaremetalMachine',
  metadata: metadata('m1'),
  spec: { machineInventoryPoolRef: { name: 'workers' } },
  status,
});
const host = {
  apiVersion: 'elemental.cattle.io/v1beta1',
  kind: 'MachineInventory',
  metadata: metadata('rack1'),
  status: { plan: { secretRef: { name: 'rack1-plan' } } },
};

let server: FakeApiServer;
/** What the API server has, by the end of the path; a number is its refusal. */
let objects: Record<string, object | number>;
beforeEach(async () => {
  objects = {};
  server = await startFakeApiServer();
  server.otherwise = (request, response) => {
    const path = new URL(request.url ?? '', 'http://localhost').pathname.split('/').slice(-2).join('/');
    const found = objects[path] ?? 404;
    const code = typeof found === 'number' ? found : 200;
    const reason = code === 403 ? 'Forbidden' : 'NotFound';
    const status = { kind: 'Status', code, reason, message: `no ${path} for you`, details: { name: path } };
    response.writeHead(code, { 'content-type': 'application/json' }).end(JSON.stringify(code === 200 ? found : status));
  };
  vi.stubEnv('KUBECONFIG', server.kubeconfigPath);
  vi.stubEnv('TEMPORAL_CONFIG_FILE', '/nonexistent/temporal.toml');
});
afterEach(async () => {
  vi.unstubAllEnvs();
  await server.close();
});

const run = (...args: string[]) => callCli(['output', ...args]);

const secret = (data: object) => ({ metadata: metadata('rack1-plan'), data });

it('prints what the host of a machine said, the earlier failure first', async () => {
  objects['baremetalmachines/m1'] = machine({ planSecretRef: { name: 'rack1-plan' } });
  objects['secrets/rack1-plan'] = secret({
    plan: encode(plan),
    'failed-output': encode(pack('three\nironloom: step stop-kubelet failed with exit code 7\n')),
    'ironloom-last-failure': encode(kept),
  });
  const { code, out } = await run('metal/m1', '--lines', '2');
  expect(code).toBe(0);
  expect(out).toBe(
    [
      "== Failed earlier: reprovision-1-uid-1.secret-1, at 2026-07-05T03:04:05.000Z. Step upgrade failed with exit code 1: the cause is not recognised, see the host's output in failed-output of its plan Secret",
      'two\u{FFFD}[2J',
      'ironloom: step upgrade failed with exit code 1',
      '',
      "== Failed: clean-2-uid-2.secret-1. Step stop-kubelet failed with exit code 7: the cause is not recognised, see the host's output in failed-output of its plan Secret",
      'three',
      'ironloom: step stop-kubelet failed with exit code 7',
    ].join('\n'),
  );
});

it('prints what a host said whose machine is gone', async () => {
  objects['machineinventories/rack1'] = host;
  objects['secrets/rack1-plan'] = secret({ 'ironloom-last-failure': encode(kept) });
  const { code, out } = await run('metal/rack1');
  expect([code, out.split('\n').at(-1)]).toEqual([0, 'ironloom: step upgrade failed with exit code 1']);
});

it('prints it of a host in the namespace that is named, or that the kubeconfig is in', async () => {
  objects['machineinventories/rack1'] = host;
  objects['secrets/rack1-plan'] = secret({ 'ironloom-last-failure': encode(kept) });
  expect((await run('rack1', '-n', 'metal')).code).toBe(0);
  expect(server.requests.map(({ url }) => url.pathname)).toContain('/api/v1/namespaces/metal/secrets/rack1-plan');
  expect((await run('rack1')).code).toBe(0);
  expect(server.requests.at(-1)?.url.pathname).toContain('/namespaces/default/');
  expect(await run('metal/rack1', '-n', 'other')).toMatchObject({
    code: 2,
    complaint: "error: 'metal/rack1' is not in namespace other",
  });
});

it('says that nothing was said', async () => {
  objects['machineinventories/rack1'] = host;
  objects['secrets/rack1-plan'] = secret({ 'failed-output': '' });
  expect(await run('metal/rack1')).toMatchObject({
    code: 0,
    out: 'Nothing: Secret metal/rack1-plan holds no output of a plan',
  });
});

it.each<[string, Record<string, object | number>, string]>([
  [
    'who may not read the Secret',
    { 'machineinventories/rack1': host, 'secrets/rack1-plan': 403 },
    'error: This needs the right to get secrets in namespace metal: GET /api/v1/namespaces/metal/secrets/rack1-plan: HTTP 403',
  ],
  [
    'who may not read machines',
    { 'baremetalmachines/rack1': 403 },
    'error: This needs the right to get baremetalmachines.infrastructure.cluster.x-k8s.io in namespace metal',
  ],
  ['where the Secret is gone', { 'machineinventories/rack1': host }, 'error: Secret metal/rack1-plan does not exist'],
  ['where nothing is called so', {}, 'error: There is neither a BaremetalMachine nor a MachineInventory metal/rack1'],
  ['where a machine holds no host', { 'baremetalmachines/rack1': machine({}) }, 'holds no host; name the host'],
])('fails for %s, and says so', async (_, standing, words) => {
  objects = standing;
  const { code, out, complaint } = await run('metal/rack1');
  expect([code, out]).toEqual([1, '']);
  expect(complaint).toContain(words);
});

it.each([['Rack1'], ['metal/rack1 '], ['a/b/c']])('refuses %s with 2, before anybody is asked', async (name) => {
  expect((await run(name)).code).toBe(2);
  expect((await run('metal/rack1', '--lines', '0')).code).toBe(2);
  expect(server.requests).toEqual([]);
});
