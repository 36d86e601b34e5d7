import { tmpdir } from 'node:os';
import { afterEach, expect, it, vi } from 'vitest';
import { createKubeTransport } from '../../../runtime/kube/transport.ts';

afterEach(() => vi.unstubAllEnvs());

it('says that nothing tells where Kubernetes is, instead of asking a port of this machine', () => {
  vi.stubEnv('KUBECONFIG', undefined);
  vi.stubEnv('HOME', `${tmpdir()}/nobody-lives-here`);
  expect(() => createKubeTransport({ userAgent: 'test' })).toThrow(
    'Nothing says where Kubernetes is: KUBECONFIG is unset',
  );
});
