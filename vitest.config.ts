import { defineConfig } from 'vitest/config';

const stackTests = ['test/**/*.stack.test.ts', 'test/e2e/**/*.test.ts'];

export default defineConfig({
  test: {
    projects: [
      {
        test: {
          name: 'unit',
          include: ['test/**/*.test.ts'],
          exclude: stackTests,
        },
      },
      {
        test: {
          // One management cluster for the whole run; its tests come one after the other on two cores.
          name: 'stack',
          include: stackTests,
          globalSetup: ['test/support/stack.ts'],
          fileParallelism: false,
          testTimeout: 180_000,
          hookTimeout: 120_000,
        },
      },
    ],
  },
});
