import { join } from 'node:path';
import { defineConfig } from 'vitest/config';

const times = { testTimeout: 60_000, hookTimeout: 120_000 };
const stackTests = 'test/browser/local-stack.browser.ts';

/** Not among the projects of `npm test`: they need Chromium, a package of Debian. */
export default defineConfig({
  root: join(import.meta.dirname, '../..'),
  test: {
    projects: [
      {
        test: {
          ...times,
          name: 'browser',
          include: ['test/browser/*.browser.ts'],
          exclude: [stackTests],
          // Each of them fills a core; the pictures are made by one after the other.
          maxWorkers: 1,
        },
      },
      {
        test: {
          ...times,
          name: 'browser-stack',
          include: [stackTests],
          globalSetup: ['test/support/stack.ts'],
          maxWorkers: 1,
          sequence: { groupOrder: 1 },
        },
      },
    ],
  },
});
