import { spawn } from 'node:child_process';
import { z } from 'zod';

const STDERR_TAIL_LINES = 20;
/**
 * A quarter of a build's CPU time is the compiler's collection of garbage (etcd from empty caches 97 s, so 71 s): a compiler
 * collects little while it stays small.
 */
const COLLECTING = { GOGC: '1000', GOMEMLIMIT: '1GiB' };
const INSTALL_HINT = 'Install Go from https://go.dev/doc/install and put it into PATH, or name ready binaries';

/** Go is absent or too old, or it could not build a tool; the message says what to do. */
export class ToolBuildError extends Error {
  override readonly name = 'ToolBuildError';
  readonly kind: 'goMissing' | 'goTooOld' | 'buildFailed';
  constructor(kind: ToolBuildError['kind'], message: string) {
    super(message);
    this.kind = kind;
  }
}

/**
 * Runs `go` in a module folder and answers its stdout.
 * @param signal its abort interrupts `go`, as Ctrl-C would
 * @throws ToolBuildError, or the signal's reason, in any case when `go` is gone
 */
export function runGo(args: readonly string[], cwd: string, signal?: AbortSignal): Promise<string> {
  return new Promise((resolve, reject) => {
    signal?.throwIfAborted();
    // A go.work file or -mod flag of the user's must not change what is built.
    const env = { ...COLLECTING, ...process.env, GOWORK: 'off', GOFLAGS: '' };
    const child = spawn('go', args, { cwd, env, stdio: ['ignore', 'pipe', 'pipe'] });
    const interrupt = () => child.kill('SIGINT');
    signal?.addEventListener('abort', interrupt);
    let stdout = '';
    let stderr = '';
    child.stdout.setEncoding('utf8').on('data', (chunk: string) => (stdout += chunk));
    child.stderr.setEncoding('utf8').on('data', (chunk: string) => (stderr = (stderr + chunk).slice(-64 * 1024)));
    child.on('error', (error: NodeJS.ErrnoException) => {
      const missing = error.code === 'ENOENT';
      const message = missing ? `The command "go" was not found. ${INSTALL_HINT}.` : error.message;
      reject(new ToolBuildError(missing ? 'goMissing' : 'buildFailed', message));
    });
    child.on('close', (code) => {
      signal?.removeEventListener('abort', interrupt);
      if (code === 0) return resolve(stdout);
      if (signal?.aborted === true) return reject(signal.reason);
      const tail = stderr.trimEnd().split('\n').slice(-STDERR_TAIL_LINES).join('\n');
      reject(new ToolBuildError('buildFailed', `go ${args.join(' ')} failed with exit code ${code}:\n${tail}`));
    });
  });
}

/** Checks that the Go in PATH can build a module. @throws ToolBuildError goMissing or goTooOld */
export async function checkGo(cwd: string, minimum: string): Promise<void> {
  // Outside of a module `go` does not try to switch to another toolchain, which would hide the installed version.
  const version = (await runGo(['env', 'GOVERSION'], '/')).trim();
  if (isAtLeast(version, minimum)) return;
  // With GOTOOLCHAIN=auto an older Go may fetch the right one by itself.
  const switched = await runGo(['env', 'GOVERSION'], cwd).catch(() => version);
  if (isAtLeast(switched.trim(), minimum)) return;
  throw new ToolBuildError('goTooOld', `Go ${minimum} or newer is needed, PATH has ${version}. ${INSTALL_HINT}.`);
}

/** Compares `go1.26.8` with `1.26.4`; versions that are no release (devel builds) count as new enough. */
export function isAtLeast(goVersion: string, minimum: string): boolean {
  const actual = /^go(\d+)\.(\d+)(?:\.(\d+))?/.exec(goVersion);
  if (actual === null) return true;
  const wanted = minimum.split('.').map(Number);
  for (const index of [0, 1, 2]) {
    const difference = Number(actual[index + 1] ?? 0) - (wanted[index] ?? 0);
    if (difference !== 0) return difference > 0;
  }
  return true;
}

const downloadSchema = z.object({ Dir: z.string() });

/** Folder of a module's source, downloaded at the version that the go.mod in `cwd` pins. @throws ToolBuildError */
export async function listModuleDir(cwd: string, module: string): Promise<string> {
  const parsed: unknown = JSON.parse(await runGo(['mod', 'download', '-json', module], cwd));
  return downloadSchema.parse(parsed).Dir;
}
