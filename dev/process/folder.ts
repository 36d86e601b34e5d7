import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const PREFIX = 'ironloom-';
const OWNER_FILE = 'owner.pid';

/** Makes a temporary folder for this process, and removes those whose process was killed before it could. */
export async function createProcessFolder(): Promise<string> {
  await removeOrphanedFolders();
  const dir = await mkdtemp(join(tmpdir(), PREFIX));
  await writeFile(join(dir, OWNER_FILE), String(process.pid));
  return dir;
}

async function removeOrphanedFolders(): Promise<void> {
  const names = (await readdir(tmpdir())).filter((name) => name.startsWith(PREFIX));
  for (const dir of names.map((name) => join(tmpdir(), name))) {
    const owner = Number(await readFile(join(dir, OWNER_FILE), 'utf8').catch(() => 'none'));
    // A folder without our mark may be anybody's.
    if (Number.isInteger(owner) && owner > 0 && !isRunning(owner)) {
      await rm(dir, { recursive: true, force: true }).catch(() => undefined);
    }
  }
}

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    // EPERM: it runs, and belongs to somebody else.
    return !(error instanceof Error && 'code' in error && error.code === 'ESRCH');
  }
}
