import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { startProcess } from '../../../dev/process/managed-process.ts';
import { ProcessNotReadyError, waitUntilReady } from '../../../dev/process/ready.ts';

let dir: string;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'ironloom-process-'));
});
afterEach(() => rmSync(dir, { recursive: true, force: true }));

const until = { timeout: 10_000, interval: 20 };

/** A program that writes its pid and then runs on; with `stubborn` it ignores SIGTERM. */
function program(stubborn = false) {
  const trap = stubborn ? "trap '' TERM;" : '';
  const script = `${trap} echo $$ > pid.tmp && mv pid.tmp pid; echo started; while :; do sleep 0.1; done`;
  return { name: 'sleeper', command: ['/bin/sh', '-c', script], cwd: dir, logPath: join(dir, 'log') } as const;
}

const readPid = () => Number(readFileSync(join(dir, 'pid'), 'utf8'));

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
  } catch {
    return false;
  }
  // A process that ended but was not waited for by its adoptive parent still has a pid on some containers.
  return !/^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'));
}

test('stop ends the program with SIGTERM', async () => {
  const sleeper = startProcess({ ...program(), stopGraceSeconds: 60 });
  const pid = await vi.waitFor(readPid, until);
  expect(isAlive(pid)).toBe(true);
  await sleeper.stop();
  expect(isAlive(pid)).toBe(false);
  expect(sleeper.exitCode()).toBe(143);
});

test('stop kills a program that ignores SIGTERM after the grace', async () => {
  const sleeper = startProcess({ ...program(true), stopGraceSeconds: 0 });
  const pid = await vi.waitFor(readPid, until);
  await sleeper.stop();
  // SIGKILL goes to the whole group; the shell that is waited for may be gone a moment before the program.
  await vi.waitFor(() => expect(isAlive(pid)).toBe(false), until);
});

test('kill ends the program at once', async () => {
  const sleeper = startProcess(program(true));
  const pid = await vi.waitFor(readPid, until);
  await sleeper.kill();
  await vi.waitFor(() => expect(isAlive(pid)).toBe(false), until);
  expect(sleeper.exitCode()).toBe(137);
});

test('the exit code of the program is told, and stopping it again does no harm', async () => {
  const failing = startProcess({ ...program(), command: ['/bin/sh', '-c', 'exit 7'] });
  expect(await failing.exited).toBe(7);
  await failing.stop();
  await failing.kill();
});

test.each(['SIGKILL', 'SIGTERM', 'SIGINT'] as const)('the program ends when its parent gets %s', async (signal) => {
  const parentPath = join(dir, 'parent.ts');
  const processModule = new URL('../../../dev/process/managed-process.ts', import.meta.url).href;
  writeFileSync(
    parentPath,
    `import { startProcess } from '${processModule}';
    startProcess(${JSON.stringify(program())});
    setInterval(() => undefined, 1000);`,
  );
  const parent = spawn(process.execPath, [parentPath], { stdio: 'inherit' });
  const pid = await vi.waitFor(readPid, until);
  expect(isAlive(pid)).toBe(true);
  parent.kill(signal);
  await once(parent, 'exit');
  await vi.waitFor(() => expect(isAlive(pid)).toBe(false), until);
});

test('nothing of the process group is left after an orderly end', async () => {
  const short = startProcess({ ...program(), command: ['/bin/sh', '-c', 'exit 0'] });
  await short.exited;
  await vi.waitFor(() => expect(() => process.kill(-short.groupId, 0)).toThrow('ESRCH'), until);
});

test('a process that ends before it is ready is reported with the end of its log', async () => {
  const failing = startProcess({ ...program(), command: ['/bin/sh', '-c', 'echo no such flag; exit 2'] });
  const waiting = waitUntilReady(failing, () => Promise.resolve(false));
  await expect(waiting).rejects.toThrow(/sleeper ended with exit code 2.*no such flag/s);
});

test('a process that never gets ready is reported after the deadline', async () => {
  const sleeper = startProcess(program());
  await vi.waitFor(readPid, until);
  const refused = () => Promise.reject(new Error('connection refused'));
  await expect(waitUntilReady(sleeper, refused, 1)).rejects.toThrow(ProcessNotReadyError);
  await sleeper.kill();
});
