import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { answerJson, answerStatus, type FakeApiServer, startFakeApiServer } from '../runtime/kube/fake-api-server.ts';
import { callCli } from './call.ts';

let server: FakeApiServer;
let printed: string[];
beforeEach(async () => {
  server = await startFakeApiServer();
  vi.stubEnv('KUBECONFIG', server.kubeconfigPath);
  printed = [];
  // The library prints for itself.
  vi.spyOn(console, 'log').mockImplementation((text: string) => void printed.push(text));
});
afterEach(async () => {
  vi.restoreAllMocks();
  vi.unstubAllEnvs();
  await server.close();
});

async function complete(...words: string[]): Promise<string[]> {
  printed = [];
  expect((await callCli(['complete', '--', ...words])).code).toBe(0);
  return printed.map((line) => line.split('\t')[0] ?? '');
}
const named = (...names: string[]) =>
  answerJson(200, { metadata: {}, items: names.map((name) => ({ metadata: { namespace: 'metal', name } })) });

describe('completion', () => {
  it.each(['bash', 'zsh', 'fish'])('has a script for %s', async (shell) => {
    expect((await callCli(['completion', shell])).code).toBe(0);
    expect(printed.join()).toContain('ironloom');
  });

  it('knows commands, and the words that an option takes', async () => {
    expect(await complete('re')).toEqual(expect.arrayContaining(['retry', 'reallocate', 'resume']));
    expect(await complete('get', 'machines', '--phase', 'F')).toEqual(['Failed', ':4']);
  });

  it('knows the machines of the namespace', async () => {
    server.otherwise = named('m1', 'm2');
    expect(await complete('retry', '-n', 'metal', 'm')).toEqual(['m1', 'm2', ':4']);
    expect(server.requests[0]?.url.pathname).toContain('/namespaces/metal/baremetalmachines');
  });

  it('is silent about what it may not list', async () => {
    server.otherwise = answerStatus(403, 'Forbidden');
    expect(await complete('retry', 'm')).toEqual([':4']);
  });

  it('is what kubectl asks its plugin for', async () => {
    const plugin = fileURLToPath(new URL('../../cli/kubectl-complete.js', import.meta.url));
    const { stdout } = await promisify(execFile)(plugin, ['forc'], { env: { ...process.env } });
    expect(stdout.split('\n')[0]).toMatch(/^force-release\t/);
    // Another Node is started, on busy cores.
  }, 60_000);
});
