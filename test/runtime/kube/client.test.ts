import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { baremetalMachines, configMaps, secrets } from '../../../api/resources.ts';
import {
  createKubeClient,
  isAlreadyExists,
  isConflict,
  isNotFound,
  KubeApiError,
  KubeConnectionError,
} from '../../../runtime/kube/client.ts';
import { answerJson, answerStatus, type FakeApiServer, reset, silence, startFakeApiServer } from './fake-api-server.ts';

const key = { namespace: 'lab', name: 'one' };
const configMap = { metadata: { namespace: 'lab', name: 'one', resourceVersion: '7' }, data: { a: '1' } };

let api: FakeApiServer;
beforeEach(async () => {
  api = await startFakeApiServer({ requestTimeoutMs: 2000 });
});
afterEach(() => api.close());

async function failure(promise: Promise<unknown>): Promise<unknown> {
  return promise.then(
    () => expect.unreachable('should have failed'),
    (error: unknown) => error,
  );
}

describe('requests', () => {
  it.each([
    ['get', () => api.client.get(configMaps, key), 'GET', '/api/v1/namespaces/lab/configmaps/one'],
    ['create', () => api.client.create(configMaps, configMap), 'POST', '/api/v1/namespaces/lab/configmaps'],
    ['replace', () => api.client.replace(configMaps, configMap), 'PUT', '/api/v1/namespaces/lab/configmaps/one'],
    ['delete', () => api.client.delete(configMaps, key), 'DELETE', '/api/v1/namespaces/lab/configmaps/one'],
    ['cluster scope', () => api.client.get(configMaps, { namespace: '', name: 'x' }), 'GET', '/api/v1/configmaps/x'],
  ])('%s addresses the object', async (_name, call, method, path) => {
    api.otherwise = answerJson(200, configMap);
    await call();
    expect(api.requests).toMatchObject([{ method, headers: { authorization: 'Bearer let-me-in' } }]);
    expect(api.requests[0]?.url.pathname).toBe(path);
  });

  it('parses the answer by the schema', async () => {
    api.otherwise = answerJson(200, configMap);
    const { metadata, data } = await api.client.get(configMaps, key);
    expect([metadata.resourceVersion, metadata.labels, data]).toEqual(['7', {}, { a: '1' }]);
  });

  it('escapes hostile names and refuses those that would leave the path', async () => {
    api.otherwise = answerJson(200, configMap);
    await api.client.get(configMaps, { namespace: 'a/b', name: '../secrets?x=1#' });
    expect(api.requests[0]?.url.pathname).toBe('/api/v1/namespaces/a%2Fb/configmaps/..%2Fsecrets%3Fx%3D1%23');
    await expect(api.client.get(configMaps, { namespace: 'a', name: '..' })).rejects.toThrow('No name');
    await expect(api.client.delete(configMaps, { namespace: 'a', name: '' })).rejects.toThrow('No name');
    await expect(api.client.get(configMaps, { namespace: '..', name: 'a' })).rejects.toThrow('No namespace');
    expect(api.requests).toHaveLength(1);
  });

  it.each([
    ['merge' as const, 'application/merge-patch+json'],
    ['json' as const, 'application/json-patch+json'],
    ['apply' as const, 'application/apply-patch+yaml'],
  ])('patches by %s', async (type, contentType) => {
    api.otherwise = answerJson(200, configMap);
    await api.client.patch(configMaps, key, { x: 1 }, { type, fieldManager: 'f', subresource: 'status' });
    expect(api.requests[0]).toMatchObject({
      method: 'PATCH',
      headers: { 'content-type': contentType },
      body: '{"x":1}',
    });
    expect(api.requests[0]?.url.pathname).toMatch(/\/one\/status$/);
    expect(api.requests[0]?.url.search).toBe('?fieldManager=f');
  });

  it('applies a manifest with its type', async () => {
    api.otherwise = answerJson(200, configMap);
    await api.client.apply(configMaps, { metadata: key, data: {} }, { fieldManager: 'f' });
    expect(JSON.parse(api.requests[0]?.body ?? '')).toEqual({
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata: key,
      data: {},
    });
    expect(api.requests[0]?.url.searchParams.get('force')).toBe('true');
  });

  it('lists metadata only, in pages', async () => {
    api.otherwise = answerJson(200, { metadata: { resourceVersion: '9', continue: 'next' }, items: null });
    const page = await api.client.list(secrets, {
      metadataOnly: true,
      limit: 5,
      continueToken: 'c',
      fieldSelector: 'type=x',
    });
    expect(page).toMatchObject({ items: [], resourceVersion: '9', continueToken: 'next' });
    expect(api.requests[0]?.headers.accept).toBe('application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1');
    expect(api.requests[0]?.url.search).toBe('?fieldSelector=type%3Dx&limit=5&continue=c');
  });

  it('shares connections among calls', async () => {
    api.otherwise = answerJson(200, configMap);
    for (let call = 0; call < 30; call++) await api.client.get(configMaps, key);
    expect(api.connections()).toBeLessThanOrEqual(2);
  });
});

describe('failures', () => {
  it('tells what the server refused', async () => {
    expect(await api.client.find(configMaps, key)).toBeUndefined();
    expect(isNotFound(await failure(api.client.get(configMaps, key)))).toBe(true);
    api.otherwise = answerStatus(409, 'Conflict', 'the object has been modified');
    const conflict = await failure(api.client.patch(configMaps, key, {}));
    expect([isConflict(conflict), isAlreadyExists(conflict)]).toEqual([true, false]);
    expect(conflict).toMatchObject({ code: 409, reason: 'Conflict' });
    api.otherwise = answerStatus(409, 'AlreadyExists');
    const exists = await failure(api.client.create(configMaps, configMap));
    expect([isConflict(exists), isAlreadyExists(exists)]).toEqual([false, true]);
  });

  it.each([
    ['a kind whose CRD is not installed', '404 page not found\n'],
    ['a proxy', '<html>404</html>'],
    [
      'a path that a served group does not have',
      '{"kind":"Status","reason":"NotFound","message":"could not find the requested resource","details":{},"code":404}',
    ],
  ])('takes no object for gone because of the 404 of %s', async (_name, body) => {
    api.otherwise = (_request, response) => void response.writeHead(404).end(body);
    const error = await failure(api.client.find(configMaps, key));
    expect(error).toMatchObject({ code: 404, reason: '' });
    expect(String(error)).toMatch(/not served|could not find the requested resource/);
    expect(isNotFound(error)).toBe(false);
  });

  it('never repeats what the server says about an invalid Secret', async () => {
    const body = { metadata: key, data: { value: 'aHVudGVyMg==' } };
    api.otherwise = answerJson(422, {
      kind: 'Status',
      code: 422,
      reason: 'Invalid',
      message: 'invalid value: "aHVudGVyMg=="',
      details: { causes: [{ field: 'data.value', message: 'aHVudGVyMg== is bad' }] },
    });
    const error = await failure(api.client.create(secrets, body));
    expect(error).toMatchObject({ code: 422, details: { fields: ['data.value'] } });
    expect(JSON.stringify(error, Object.getOwnPropertyNames(error))).not.toContain('aHVudGVyMg');
    const spoken = await failure(api.client.patch(baremetalMachines, key, {}));
    expect(String(spoken)).toContain('invalid value');
  });

  it('names the policy that refuses a Secret, and not its words', async () => {
    const policy = "ValidatingAdmissionPolicy 'frozen.example.com'";
    api.otherwise = answerJson(422, {
      kind: 'Status',
      code: 422,
      reason: 'Invalid',
      message: `secrets "a" is forbidden: ${policy} with binding 'b' denied request: aHVudGVyMg== is bad`,
    });
    const error = await failure(api.client.patch(secrets, key, { data: { value: 'aHVudGVyMg==' } }));
    expect(String(error)).toContain(`refused as invalid (${policy})`);
    expect(String(error)).not.toContain('aHVudGVyMg');
  });

  it('copes with an answer that is no Status', async () => {
    api.otherwise = (_request, response) => void response.writeHead(502).end('<html>bad gateway</html>');
    expect(await failure(api.client.get(configMaps, key))).toMatchObject({ code: 502, reason: '' });
  });

  it('asks again when the server is throttling', async () => {
    api.next.push(answerJson(429, {}, { 'retry-after': '0' }), answerJson(429, {}, { 'retry-after': '0' }));
    api.otherwise = answerJson(200, configMap);
    await api.client.get(configMaps, key);
    expect(api.requests).toHaveLength(3);
  });

  it('does not repeat a write that failed in any other way', async () => {
    api.otherwise = answerStatus(500, 'InternalError');
    expect(await failure(api.client.create(configMaps, configMap))).toBeInstanceOf(KubeApiError);
    expect(api.requests).toHaveLength(1);
  });

  it.each([
    ['a reset', reset, false],
    ['silence', silence, true],
  ])('reports %s as a failed connection', async (_name, answer, timedOut) => {
    api.otherwise = answer;
    const error = await failure(api.client.get(configMaps, key, { timeoutMs: 100 }));
    expect(error).toBeInstanceOf(KubeConnectionError);
    expect(error).toMatchObject({ timedOut });
  });

  it('times out on a body that never ends', async () => {
    api.otherwise = (_request, response) => void response.write('{"metadata":');
    expect(await failure(api.client.get(configMaps, key, { timeoutMs: 100 }))).toMatchObject({ timedOut: true });
  });

  it("ends with the caller's own reason when aborted", async () => {
    api.otherwise = silence;
    const reason = new Error('enough');
    const abort = new AbortController();
    const call = failure(api.client.get(configMaps, key, { signal: abort.signal }));
    abort.abort(reason);
    expect(await call).toBe(reason);
  });

  it('reports a server that is not there', async () => {
    const other = await startFakeApiServer();
    await other.close();
    const client = createKubeClient({ kubeconfigPath: api.kubeconfigPath, userAgent: 't' });
    await api.close();
    expect(await failure(client.checkReady())).toBeInstanceOf(KubeConnectionError);
    await client.close();
  });
});

describe('watch', () => {
  const signal = new AbortController().signal;

  async function collect(options: { signal?: AbortSignal; idleTimeoutMs?: number } = {}) {
    const events: unknown[] = [];
    const watch = { resourceVersion: '5', timeoutSeconds: 300, ...options };
    try {
      for await (const event of api.client.watch(configMaps, watch, options.signal ?? signal)) events.push(event);
    } catch (error) {
      return { events, error };
    }
    return { events, error: undefined };
  }

  it('puts lines together however they are cut, and ends with the server', async () => {
    const text = Buffer.from(
      '{"type":"ADDED","object":{"name":"größe"}}\n\n{"type":"BOOKMARK","object":{}}\n{"type":"ADD',
    );
    api.otherwise = (_request, response) => {
      const sendByte = (at: number): void => {
        if (at === text.length) return void response.end();
        response.write(text.subarray(at, at + 1), () => sendByte(at + 1));
      };
      sendByte(0);
    };
    const { events, error } = await collect();
    expect(error).toBeUndefined();
    expect(events).toEqual([
      { type: 'ADDED', object: { name: 'größe' } },
      { type: 'BOOKMARK', object: {} },
    ]);
    expect(Object.fromEntries(api.requests[0]?.url.searchParams ?? [])).toEqual({
      watch: 'true',
      allowWatchBookmarks: 'true',
      resourceVersion: '5',
      timeoutSeconds: '300',
    });
  });

  it.each([
    ['an ERROR event', '{"type":"ERROR","object":{"kind":"Status","code":410,"reason":"Expired"}}\n', { code: 410 }],
    ['garbage', 'not json\n', { name: 'WatchProtocolError' }],
    ['JSON that is no event', '{"type":"PARTY","object":1}\n', { name: 'WatchProtocolError' }],
  ])('throws on %s', async (_name, line, expected) => {
    api.otherwise = (_request, response) => void response.end(line);
    expect((await collect()).error).toMatchObject(expected);
  });

  it('takes a silent connection for dead', async () => {
    api.otherwise = (_request, response) => response.flushHeaders();
    const { error } = await collect({ idleTimeoutMs: 200 });
    expect(error).toMatchObject({ name: 'KubeConnectionError', timedOut: true });
  });

  it('ends when aborted', async () => {
    const abort = new AbortController();
    const reason = new Error('stop');
    api.otherwise = (_request, response) => {
      response.flushHeaders();
      abort.abort(reason);
    };
    expect((await collect({ signal: abort.signal })).error).toBe(reason);
  });
});
