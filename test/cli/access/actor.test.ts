import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { findActor, findOsUser } from '../../../cli/access/actor.ts';
import {
  answerJson,
  answerStatus,
  type FakeApiServer,
  startFakeApiServer,
} from '../../runtime/kube/fake-api-server.ts';
import { callCli } from '../call.ts';

/** What Node says of a user id that is not in /etc/passwd. */
const nameless = () => {
  throw new Error('A system error occurred: uv_os_get_passwd returned ENOENT (no such file or directory)');
};

let server: FakeApiServer;
beforeEach(async () => {
  server = await startFakeApiServer();
});
afterEach(() => server.close());

const withoutUser = { osUser: () => undefined };
const grace = answerJson(201, { status: { userInfo: { username: 'grace@example.com' } } });

describe('who asks', () => {
  it('is whom they name, and nobody else is asked', async () => {
    expect(await findActor('edsger', { client: server.client, user: 'admin' }, withoutUser)).toBe('edsger');
    expect(server.requests).toEqual([]);
  });

  it('is who they are to Kubernetes', async () => {
    server.otherwise = grace;
    expect(await findActor(undefined, { client: server.client, user: 'admin' }, withoutUser)).toBe('grace@example.com');
    expect(server.requests[0]?.url.pathname).toBe('/apis/authentication.k8s.io/v1/selfsubjectreviews');
  });

  it('is the user of the kubeconfig where Kubernetes does not say', async () => {
    server.otherwise = answerStatus(404, 'NotFound');
    expect(await findActor(undefined, { client: server.client, user: 'admin' }, withoutUser)).toBe('admin');
  });

  it('is the user of the operating system without Kubernetes, and is asked for where there is none', async () => {
    expect(await findActor(undefined, undefined, { osUser: () => 'ada' })).toBe('ada');
    await expect(findActor(undefined, undefined, withoutUser)).rejects.toThrow('say it with --actor');
  });

  it.each([
    [() => 'ada', { USER: 'somebody else' }, 'ada'],
    [nameless, { USER: '65532' }, '65532'],
    [nameless, { USER: '' }, undefined],
    [nameless, {}, undefined],
  ])('of the operating system has a name, or none (%#)', (lookUp, env, expected) => {
    expect(findOsUser(lookUp, env)).toBe(expected);
  });

  it('is not asked for before a command needs it', async () => {
    const { code, out } = await callCli(['retry', '--help'], { osUser: nameless });
    expect(code).toBe(0);
    expect(out).toMatch(/--actor <name> +who asks/);
  });
});
