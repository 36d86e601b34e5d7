import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { configMaps } from '../../../api/resources.ts';
import { createKubeClient, type KubeClient } from '../../../runtime/kube/client.ts';
import { createTokenFile } from '../../../runtime/kube/token-file.ts';
import { answerJson, answerStatus, type FakeApiServer, startFakeApiServer } from './fake-api-server.ts';

let api: FakeApiServer;
let folder: string;
let accepted: string;
let client: KubeClient | undefined;
const key = { namespace: 'default', name: 'one' };
const object = { metadata: { ...key, uid: 'u', resourceVersion: '1' }, data: {} };

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'ironloom-token-'));
  api = await startFakeApiServer();
  accepted = 'first';
  api.otherwise = (request, response, body) => {
    const isKnown = request.headers.authorization === `Bearer ${accepted}`;
    (isKnown ? answerJson(200, object) : answerStatus(401, 'Unauthorized'))(request, response, body);
  };
});

afterEach(async () => {
  await client?.close();
  await api.close();
  await rm(folder, { recursive: true, force: true });
});

const writeToken = (token: string): Promise<void> => writeFile(join(folder, 'token'), `${token}\n`);

/** A kubeconfig as kubectl reads it, whose user is called as in every other one here. */
async function writeKubeconfig(name: string, server: string, user: object): Promise<string> {
  const path = join(folder, name);
  const content = {
    clusters: [{ name, cluster: { server, 'insecure-skip-tls-verify': true } }],
    users: [{ name: 'me', user }],
    contexts: [{ name, context: { cluster: name, user: 'me' } }],
    'current-context': name,
  };
  await writeFile(path, JSON.stringify(content));
  return path;
}

async function connect(user: object): Promise<KubeClient> {
  const server = `http://127.0.0.1:${api.port}/`;
  const kubeconfigPath = await writeKubeconfig('kubeconfig', server, user);
  client = createKubeClient({ kubeconfigPath, userAgent: 'ironloom-test' });
  return client;
}

it.each([
  ['tokenFile, relative to the kubeconfig', { tokenFile: 'token' }],
  ['the token beside it', { tokenFile: 'token', token: 'none' }],
])('is who the file says: %s', async (_what, user) => {
  await writeToken('first');
  expect(await (await connect(user)).get(configMaps, key)).toMatchObject({ metadata: key });
});

it('takes the token of a Pod', async () => {
  await writeToken('first');
  const user = { 'auth-provider': { name: 'tokenFile', config: { tokenFile: join(folder, 'token') } } };
  expect(await (await connect(user)).get(configMaps, key)).toMatchObject({ metadata: key });
  accepted = 'second';
  await writeToken('second');
  expect(await client?.get(configMaps, key)).toMatchObject({ metadata: key });
});

it('asks again at once, and only then, when a refused token is not that of the file any more', async () => {
  await writeToken('first');
  await (await connect({ tokenFile: 'token' })).get(configMaps, key);
  accepted = 'second';
  await expect(client?.get(configMaps, key)).rejects.toMatchObject({ code: 401 });
  expect(api.requests).toHaveLength(2);
  await writeToken('second');
  const body = { metadata: key, data: { a: 'b' } };
  const writes = await Promise.all([client?.create(configMaps, body), client?.create(configMaps, body)]);
  expect(writes).toMatchObject([{ metadata: key }, { metadata: key }]);
  expect(api.requests.slice(2).map((request) => request.body)).toEqual(Array(4).fill(expect.stringContaining('"a"')));
});

it('finds the user of the current context in any of several files', async () => {
  await writeToken('first');
  const server = `http://127.0.0.1:${api.port}`;
  const other = join(folder, 'other');
  await writeFile(other, JSON.stringify({ users: [{ name: 'somebody-else' }] }));
  const path = await writeKubeconfig('kubeconfig', server, { tokenFile: 'token' });
  client = createKubeClient({ kubeconfigPath: `${other}:${path}`, userAgent: 'ironloom-test' });
  expect(await client.get(configMaps, key)).toMatchObject({ metadata: key });
});

it('reads the file again each minute, and keeps what it read while the file is away', async () => {
  let nowMs = 0;
  await writeToken('first');
  const token = createTokenFile(join(folder, 'token'), () => nowMs);
  expect(token.current()).toBe('first');
  await writeToken('second');
  nowMs = 59_999;
  expect(token.current()).toBe('first');
  nowMs = 60_000;
  expect(token.current()).toBe('second');
  await rm(join(folder, 'token'));
  nowMs = 200_000;
  expect(token.current()).toBe('second');
  expect(() => createTokenFile(join(folder, 'nowhere')).current()).toThrow('ENOENT');
});
