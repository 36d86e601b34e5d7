import { join } from 'node:path';
import { defineConfig } from 'vitest/config';

/** Not among the projects of `npm test`: it needs Chromium, a package of Debian. */
export default defineConfig({
  test: {
    name: 'browser',
    root: join(import.meta.dirname, '../..'),
    include: ['test/browser/*.browser.ts'],
    testTimeout: 60_000,
    hookTimeout: 60_000,
    fileParallelism: false,
  },
});
