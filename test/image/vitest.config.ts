import { join } from 'node:path';
import { defineConfig } from 'vitest/config';

/** Not among the projects of `npm test`: it needs root, and programs that are packaged for Debian. */
export default defineConfig({
  test: {
    name: 'image',
    root: join(import.meta.dirname, '../..'),
    include: ['test/image/*.image.ts'],
    globalSetup: ['test/image/setup.ts', 'test/support/stack.ts'],
    fileParallelism: false,
    testTimeout: 300_000,
    hookTimeout: 1_200_000,
  },
});
