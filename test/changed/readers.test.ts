import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { addReaders, everything, readerModules } from './readers.ts';

test.each(readerModules)('%s is there', (module) => {
  expect(existsSync(join(import.meta.dirname, '../..', module))).toBe(true);
});

test.each([
  ['k8s-bridge/main.ts', ['dev/lab/services.ts']],
  ['workflows/steps.ts', ['dev/lab/services.ts', 'workers/worker.ts', 'workers/bundle.ts', 'test/support/cli.ts']],
  [
    'config/rbac/worker-role.yaml',
    [
      'dev/stack/rbac.ts',
      'test/support/rights.ts',
      'test/config/manifests.test.ts',
      'dev/release/render-release.ts',
      'test/k8s-bridge/crd-marks.test.ts',
    ],
  ],
  ['test/replay/histories/whole-life.1.json', ['test/replay/histories.ts']],
  ['dev/host/os/disk.ts', []],
  ['README.md', ['test/docs/pages.test.ts']],
  ['LICENSE', []],
  ['package-lock.json', [everything]],
  ['data/of/a/new/kind.csv', [everything]],
])('%s reaches, besides what imports it, %j', (changed, reached) => {
  expect(addReaders([changed])).toEqual([changed, ...reached]);
});
