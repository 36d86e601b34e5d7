import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { writeLoopbackModule } from '../../../dev/tools/loopback.ts';
import { readTool } from '../../../dev/tools/table.ts';

const mainFile = 'infrastructure/docker/main.go';
const muxFile = 'infrastructure/inmemory/pkg/server/mux.go';
let dir: string;
const pathOf = (...names: string[]) => join(dir, ...names);

beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'ironloom-loopback-'));
  const script = `#!/bin/sh
case "$2" in
  download) echo '{"Dir":"${pathOf('module')}"}' ;;
  edit) echo "$3" > '${pathOf('edited')}' ;;
esac
`;
  writeFileSync(pathOf('go'), script, { mode: 0o755 });
  vi.stubEnv('PATH', `${dir}:/usr/bin:/bin`);
  writeUpstream(mainFile, '\t\t\t\tPort:     webhookPort,\n');
  writeUpstream('LICENSE', 'as it is');
});
afterEach(() => {
  vi.unstubAllEnvs();
  rmSync(dir, { recursive: true, force: true });
});

/** As Go keeps it: nobody may write. */
function writeUpstream(name: string, source: string): void {
  mkdirSync(dirname(pathOf('module', name)), { recursive: true });
  writeFileSync(pathOf('module', name), source, { mode: 0o444 });
}
const written = (name: string) => readFileSync(pathOf('work', 'upstream', name), 'utf8');

test('all servers of the in-memory provider are bound to 127.0.0.1, and the rest is as it was', async () => {
  const listeners = ['options.DebugPort', 'wcl.Port()', 'wcl.Port()'];
  writeUpstream(muxFile, listeners.map((port) => `l := net.Listen("tcp", fmt.Sprintf(":%d", ${port}))\n`).join(''));
  await writeLoopbackModule(await readTool('capim'), pathOf('work'));
  expect(written(mainFile)).toContain('Host: "127.0.0.1",\n');
  expect(written(muxFile).match(/"127\.0\.0\.1:/g)).toHaveLength(3);
  expect(written(muxFile)).not.toContain('":%d"');
  expect(written('LICENSE')).toBe('as it is');
  expect(readFileSync(pathOf('edited'), 'utf8')).toBe('-replace=sigs.k8s.io/cluster-api/test=./upstream\n');
});

test('a server that listens in another way than was known is refused', async () => {
  writeUpstream(
    muxFile,
    'l := net.Listen("tcp", fmt.Sprintf(":%d", options.DebugPort))\nm := net.Listen("tcp", port)\n',
  );
  const writing = writeLoopbackModule(await readTool('capim'), pathOf('work'));
  await expect(writing).rejects.toThrow(`${muxFile}: no server found`);
});
