import { execFileSync } from 'node:child_process';
import type { RequestOptions } from 'node:https';
import { expect, test } from 'vitest';
import { z } from 'zod';
import { createKubeConfig } from '../../../runtime/kube/client-node.ts';

const API = 'client.authentication.k8s.io/v1';

/** Loads it in a process of its own, and says which files of client-node come with it. */
const program = `
import { registerHooks } from 'node:module';
const loaded = [];
registerHooks({ load: (url, context, next) => (loaded.push(url), next(url, context)) });
await import(${JSON.stringify(new URL('../../../runtime/kube/kubeconfig.ts', import.meta.url).href)});
console.log(JSON.stringify(loaded.filter((url) => url.includes('/client-node/'))));
`;

test('a kubeconfig comes without the clients and models of all kinds of Kubernetes', () => {
  const answer = execFileSync(process.execPath, ['--input-type=module', '--eval', program], { encoding: 'utf8' });
  const loaded = z.array(z.string()).parse(JSON.parse(answer));
  expect(loaded.filter((url) => url.endsWith('/dist/config.js'))).toHaveLength(1);
  expect(loaded.filter((url) => /gen\/(models|apis|types)\/[A-Z]/.test(url))).toEqual([]);
});

test('it is whole, but for those clients', async () => {
  const config = createKubeConfig();
  const credential = { apiVersion: API, kind: 'ExecCredential', status: { token: 'by-plugin' } };
  const exec = { apiVersion: API, command: 'echo', args: [JSON.stringify(credential)], interactiveMode: 'Never' };
  config.loadFromClusterAndUser({ name: 'c', server: 'https://127.0.0.1:1', skipTLSVerify: true }, { name: 'u', exec });
  const options: RequestOptions = {};
  await config.applyToHTTPSOptions(options);
  expect(options).toMatchObject({ headers: { Authorization: 'Bearer by-plugin' }, rejectUnauthorized: false });
});
