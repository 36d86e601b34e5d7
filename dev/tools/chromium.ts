import { spawnSync } from 'node:child_process';
import { type Browser, chromium } from 'playwright-core';

/** Debian's browser. @throws what to install */
export async function startChromium(): Promise<Browser> {
  const found = ['chromium', 'google-chrome'].find((name) => spawnSync(name, ['--version']).status === 0);
  if (found === undefined) throw new Error('There is no chromium on the PATH: apt-get install chromium');
  const path = spawnSync('sh', ['-c', `command -v ${found}`], { encoding: 'utf8' }).stdout.trim();
  // Root has no sandbox, and pictures are to be the same on every screen.
  const args = [...(process.getuid?.() === 0 ? ['--no-sandbox'] : []), '--force-color-profile=srgb'];
  return chromium.launch({ executablePath: path, args });
}
