/**
 * Takes out of node_modules what no process of an image loads.
 *
 *   node prune-modules.ts FOLDER ARCHITECTURE   prunes that node_modules for an image of amd64 or arm64
 *
 * Imports nothing of ours: the build stage of the image has this file alone.
 */
import { existsSync, globSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';

/** Temporal's native library, by the name that images have for a CPU; the others are for systems that no image has. */
const temporalTargets: Readonly<Record<string, string>> = {
  amd64: 'x86_64-unknown-linux-gnu',
  arm64: 'aarch64-unknown-linux-gnu',
};

/** For those who write or debug a package. */
const notCode = ['**/*.d.ts', '**/*.d.mts', '**/*.d.cts', '**/*.map', '**/*.md'];
/**
 * The Rust source of Temporal's library; Node itself, which the image brings; what bundled the workflows before this; what
 * packages bring for Bare, another runtime than Node.
 */
const notLoaded = ['@temporalio/core-bridge/sdk-core', 'node', 'node-bin-*', '@swc', 'bare-*/prebuilds'];

/**
 * @param modules the folder node_modules of an installation without development dependencies
 * @param arch as in the platform of an image
 * @throws Error when Temporal's library for it is not where it was, so that no image is made that cannot start
 */
export function pruneModules(modules: string, arch: string): void {
  const releases = join(modules, '@temporalio/core-bridge/releases');
  const target = temporalTargets[arch];
  if (target === undefined || !existsSync(join(releases, target, 'index.node'))) {
    throw new Error(`${releases} has no library of Temporal for ${arch}`);
  }
  const others = readdirSync(releases).filter((name) => name !== target);
  for (const name of others) rmSync(join(releases, name), { recursive: true });
  for (const path of globSync([...notLoaded, ...notCode], { cwd: modules })) {
    rmSync(join(modules, path), { recursive: true, force: true });
  }
}

const [, , folder, architecture] = process.argv;
if (import.meta.main && folder !== undefined) pruneModules(folder, architecture ?? '');
