import { access, constants, mkdir } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { lock } from 'proper-lockfile';

// A build holds the CPU for minutes and can delay the touching of its lock.
const STALE_AFTER_MS = 60_000;
const LOCK_POLL_MS = 500;

/** Where built tools are kept, outside of the work tree so that a clean checkout finds them again. */
export function toolCacheDir(): string {
  return join(process.env['XDG_CACHE_HOME'] ?? join(homedir(), '.cache'), 'ironloom', 'tools');
}

/** Whether the path names a file that may be run (or, with R_OK, read). */
export async function isAccessible(path: string, mode = constants.X_OK): Promise<boolean> {
  return access(path, mode).then(
    () => true,
    () => false,
  );
}

/**
 * Runs `work` while no other process does so for the same file. A lock whose holder died counts as free after a minute.
 * @param onWaiting called once when somebody else holds the lock
 * @param signal its abort ends the waiting
 * @throws the signal's reason, or what `work` throws
 */
export async function withFileLock<T>(
  path: string,
  work: () => Promise<T>,
  onWaiting: () => void,
  signal?: AbortSignal,
): Promise<T> {
  await mkdir(toolCacheDir(), { recursive: true });
  const options = {
    realpath: false,
    stale: STALE_AFTER_MS,
    update: STALE_AFTER_MS / 6,
    // A stolen lock costs a second build, no harm: the result is renamed into place.
    onCompromised: () => undefined,
  };
  let waits = false;
  const tryLock = () =>
    lock(path, options).catch((error: unknown) => {
      if (error instanceof Error && 'code' in error && error.code === 'ELOCKED') return undefined;
      throw error;
    });
  let release = await tryLock();
  while (release === undefined) {
    if (!waits) onWaiting();
    waits = true;
    await sleep(LOCK_POLL_MS, undefined, { signal }).catch(() => undefined);
    signal?.throwIfAborted();
    release = await tryLock();
  }
  try {
    return await work();
  } finally {
    await release().catch(() => undefined);
  }
}
