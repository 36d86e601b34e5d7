import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { isAtLeast } from '../../../dev/tools/go.ts';
import { cachedToolPath, resolveTools } from '../../../dev/tools/resolver.ts';
import { moduleVersion, productionToolNames, readTool, rivalToolNames, toolNames } from '../../../dev/tools/table.ts';
import { type ToolEvent } from '../../../dev/tools/progress.ts';

let dir: string;
let events: ToolEvent[];
const report = (event: ToolEvent) => void events.push(event);
const kinds = () => events.map(({ kind }) => kind);

beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'ironloom-tools-'));
  events = [];
  mkdirSync(join(dir, 'bin'));
  vi.stubEnv('XDG_CACHE_HOME', join(dir, 'cache'));
  vi.stubEnv('PATH', `${join(dir, 'bin')}:/usr/bin:/bin`);
});
afterEach(() => {
  vi.unstubAllEnvs();
  rmSync(dir, { recursive: true, force: true });
});

/** Puts a `go` into PATH that notes each build and runs `build` for it. */
function installFakeGo({ version = 'go1.99.0', build = 'sleep 0.2; printf binary > "$out"; chmod +x "$out"' } = {}) {
  const script = `#!/bin/sh
case "$1" in
  env) echo ${version} ;;
  build)
    echo "$*" >> '${dir}/builds'
    while [ "$1" != -o ]; do shift; done
    out=$2
    ${build} ;;
esac
`;
  writeFileSync(join(dir, 'bin', 'go'), script, { mode: 0o755 });
}
const builds = () => readFileSync(join(dir, 'builds'), 'utf8').trimEnd().split('\n');

test('a tool is built once, by whoever comes first, and then found', async () => {
  installFakeGo();
  const [one, two] = await Promise.all([resolveTools(['etcd'], report), resolveTools(['etcd'], report)]);
  expect(one).toEqual(two);
  expect(readFileSync(one.etcd, 'utf8')).toBe('binary');
  expect(await resolveTools(['etcd'], report)).toEqual(one);
  expect(builds()).toHaveLength(1);
  expect(kinds().toSorted()).toEqual(['building', 'built', 'finished', 'finished', 'finished', 'waiting']);
});

test('Kubernetes programs are told their version, which CAPI asks for', async () => {
  installFakeGo();
  await resolveTools(['kube-apiserver'], report);
  const { version } = await readTool('kube-apiserver');
  expect(builds()[0]).toContain(`-X k8s.io/component-base/version.gitVersion=${version} `);
  expect(builds()[0]).toContain('-trimpath -buildvcs=false');
});

test('a failed build shows the end of what the compiler said and leaves no binary', async () => {
  installFakeGo({ build: 'for i in $(seq 100); do echo "line $i" >&2; done; printf half > "$out"; exit 2' });
  const failure = resolveTools(['etcd'], report);
  await expect(failure).rejects.toMatchObject({ name: 'ToolBuildError', kind: 'buildFailed' });
  await expect(failure).rejects.toThrow(/exit code 2:\nline 81\n[^]*line 100$/);
  expect(readdirSync(join(dir, 'cache', 'ironloom', 'tools'))).toEqual([]);
  expect(kinds()).toEqual(['building', 'finished']);
});

test('an abort ends a build, and the waiting for one, and leaves nothing behind', async () => {
  installFakeGo({ build: 'exec sleep 600' });
  const reason = new Error('Ctrl-C');
  const ending = new AbortController();
  const waiting = new AbortController();
  const build = resolveTools(['etcd'], report, ending.signal);
  await vi.waitFor(() => expect(existsSync(join(dir, 'builds'))).toBe(true), 10_000);
  const wait = resolveTools(['etcd'], report, waiting.signal);
  await vi.waitFor(() => expect(kinds()).toContain('waiting'), 10_000);
  waiting.abort(reason);
  await expect(wait).rejects.toBe(reason);
  ending.abort(reason);
  await expect(build).rejects.toBe(reason);
  expect(readdirSync(join(dir, 'cache', 'ironloom', 'tools'))).toEqual([]);
});

test('without Go it says what to install', async () => {
  vi.stubEnv('PATH', join(dir, 'bin'));
  const failure = resolveTools(['etcd'], report);
  await expect(failure).rejects.toMatchObject({ kind: 'goMissing' });
  await expect(failure).rejects.toThrow('Install Go');
});

test('a Go that is too old is refused, naming the version that is needed', async () => {
  installFakeGo({ version: 'go1.25.3' });
  const failure = resolveTools(['etcd'], report);
  await expect(failure).rejects.toMatchObject({ kind: 'goTooOld' });
  await expect(failure).rejects.toThrow('Go 1.26.0 or newer is needed, PATH has go1.25.3');
});

test('the lock of a process that died is taken over', async () => {
  installFakeGo();
  const path = cachedToolPath(await readTool('etcd'));
  mkdirSync(`${path}.lock`, { recursive: true });
  const longAgo = new Date(Date.now() - 3_600_000);
  utimesSync(`${path}.lock`, longAgo, longAgo);
  await resolveTools(['etcd'], report);
  expect(existsSync(path)).toBe(true);
  expect(kinds()).not.toContain('waiting');
});

test('an environment variable names a ready binary, and one that is no program is refused', async () => {
  vi.stubEnv('IRONLOOM_TOOL_KUBE_APISERVER', '/bin/sh');
  expect(await resolveTools(['kube-apiserver'], report)).toEqual({ 'kube-apiserver': '/bin/sh' });
  vi.stubEnv('IRONLOOM_TOOL_KUBE_APISERVER', join(dir, 'absent'));
  await expect(resolveTools(['kube-apiserver'], report)).rejects.toThrow('IRONLOOM_TOOL_KUBE_APISERVER');
});

describe('a program that is installed', () => {
  function install(folder: string, name: string, says: string): string {
    const path = join(folder, name);
    mkdirSync(folder, { recursive: true });
    writeFileSync(path, `#!/bin/sh\necho '${says}'\n`, { mode: 0o755 });
    return path;
  }

  test('is taken if it is of the pinned minor version, and told once', async () => {
    installFakeGo();
    const [major, minor] = (await readTool('etcd')).version.slice(1).split('.');
    const path = install(join(dir, 'bin'), 'etcd', `etcd Version: ${major}.${minor}.99`);
    expect(await resolveTools(['etcd'], report)).toEqual({ etcd: path });
    expect(await resolveTools(['etcd'], report)).toEqual({ etcd: path });
    expect(events.filter(({ kind }) => kind !== 'finished')).toEqual([
      { kind: 'taken', tool: 'etcd', version: `${major}.${minor}.99`, path },
    ]);
  });

  test('of another version is passed over, and so is one that is something else', async () => {
    installFakeGo();
    install(join(dir, 'bin'), 'etcd', 'etcd Version: 2.3.8');
    install(join(dir, 'bin'), 'kube-apiserver', 'usage: kube-apiserver');
    const paths = await resolveTools(['etcd', 'kube-apiserver'], report);
    expect(Object.values(paths).every((path) => path.startsWith(join(dir, 'cache')))).toBe(true);
  });

  test('of an envtest installation comes before the PATH', async () => {
    const { version } = await readTool('kube-apiserver');
    install(join(dir, 'bin'), 'kube-apiserver', `Kubernetes ${version}`);
    const path = install(join(dir, 'envtest'), 'kube-apiserver', `Kubernetes ${version}`);
    vi.stubEnv('KUBEBUILDER_ASSETS', join(dir, 'envtest'));
    expect(await resolveTools(['kube-apiserver'], report)).toEqual({ 'kube-apiserver': path });
  });
});

describe('the table', () => {
  test.each([...toolNames, ...productionToolNames, ...rivalToolNames])('%s is pinned by its go.mod', async (name) => {
    const tool = await readTool(name);
    expect(tool.version).toMatch(/^v\d+\.\d+\.\d+$/);
    expect(tool.hash).toMatch(/^[0-9a-f]{12}$/);
  });

  test.each([
    ['require example.com/a v1.2.3', 'v1.2.3'],
    ['require (\n\texample.com/a/b v1.0.0 // indirect\n\texample.com/a v2.0.0 // indirect\n)', 'v2.0.0'],
    ['replace example.com/a => ../a', undefined],
  ])('moduleVersion reads %j', (goMod, version) => {
    expect(moduleVersion(goMod, 'example.com/a')).toBe(version);
  });

  test.each([
    ['go1.26.8', '1.26.4', true],
    ['go1.26', '1.26.0', true],
    ['go1.26.3', '1.26.4', false],
    ['go1.9.7', '1.26.0', false],
    ['go2.0', '1.26.0', true],
    ['devel +abcdef', '1.26.0', true],
  ])('isAtLeast(%s, %s) is %s', (actual, minimum, expected) => {
    expect(isAtLeast(actual, minimum)).toBe(expected);
  });
});
