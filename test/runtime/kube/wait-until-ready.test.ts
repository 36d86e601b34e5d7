import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { waitForKubernetes } from '../../../runtime/kube/wait-until-ready.ts';
import { answerStatus, type FakeApiServer, reset, silentLogger, startFakeApiServer } from './fake-api-server.ts';

let api: FakeApiServer;
beforeEach(async () => {
  api = await startFakeApiServer();
});
afterEach(() => api.close());

const signal = new AbortController().signal;

describe('waitForKubernetes', () => {
  it('waits until the API server is ready', async () => {
    api.next.push(reset, answerStatus(500, 'InternalError'));
    api.otherwise = (_request, response) => void response.end('ok');
    await waitForKubernetes(api.client, signal, silentLogger);
    expect(api.requests.map(({ url }) => url.pathname)).toEqual(['/readyz', '/readyz', '/readyz']);
  });

  it('is content with an API server that hides its health', async () => {
    api.otherwise = answerStatus(403, 'Forbidden');
    await waitForKubernetes(api.client, signal, silentLogger);
    expect(api.requests).toHaveLength(1);
  });

  it('stops waiting when aborted', async () => {
    const abort = new AbortController();
    const reason = new Error('enough');
    api.otherwise = () => abort.abort(reason);
    await expect(waitForKubernetes(api.client, abort.signal, silentLogger)).rejects.toBe(reason);
  });
});
