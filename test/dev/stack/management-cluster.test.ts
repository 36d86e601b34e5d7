import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { startManagementCluster } from '../../../dev/stack/management-cluster.ts';

const noReport = () => undefined;
let dir: string;

beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'ironloom-test-'));
  vi.stubEnv('TMPDIR', join(dir, 'tmp'));
  mkdirSync(join(dir, 'tmp'));
});
afterEach(() => {
  vi.unstubAllEnvs();
  rmSync(dir, { recursive: true, force: true });
});

/** Stands for a tool: a script. */
function installTool(variable: string, script: string): void {
  const path = join(dir, variable);
  writeFileSync(path, `#!/bin/sh\n${script}\n`, { mode: 0o755 });
  vi.stubEnv(variable, path);
}

test('a part that ends while starting fails the whole, with its last words, and nothing is left', async () => {
  installTool('IRONLOOM_TOOL_TEMPORAL', 'while :; do sleep 0.1; done');
  installTool('IRONLOOM_TOOL_ETCD', 'echo disk is on fire >&2; exit 3');
  vi.stubEnv('IRONLOOM_TOOL_KUBE_APISERVER', '/bin/false');
  const components = { controllerManager: false, capi: false };
  const starting = startManagementCluster({ components, report: noReport });
  await expect(starting).rejects.toThrow(/^etcd ended with exit code 3\.[^]*disk is on fire$/);
  expect(readdirSync(join(dir, 'tmp'))).toEqual([]);
});

test('the folder of a killed process is removed by the next one, and nothing else is', async () => {
  installTool('IRONLOOM_TOOL_TEMPORAL', 'exit 1');
  const left = (name: string, owner: string | undefined) => {
    mkdirSync(join(dir, 'tmp', name));
    if (owner !== undefined) writeFileSync(join(dir, 'tmp', name, 'owner.pid'), owner);
  };
  left('ironloom-dead', '999999999');
  left('ironloom-alive', String(process.pid));
  left('ironloom-unmarked', undefined);
  left('ironloom-garbage', 'x');
  await expect(startManagementCluster({ components: { kubernetes: false }, report: noReport })).rejects.toThrow(
    'temporal ended with exit code 1',
  );
  const kept = ['ironloom-alive', 'ironloom-garbage', 'ironloom-unmarked'];
  expect(readdirSync(join(dir, 'tmp')).toSorted()).toEqual(kept);
});

test('parts that need Kubernetes are refused without it', async () => {
  const components = { kubernetes: false, capi: true };
  await expect(startManagementCluster({ components, report: noReport })).rejects.toThrow('need kubernetes');
});
