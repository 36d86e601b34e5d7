import { defineConfig } from 'vitest/config';

const modelTests = 'test/model/*.stack.test.ts';
const stackTests = ['test/**/*.stack.test.ts', 'test/e2e/**/*.test.ts'];

export default defineConfig({
  test: {
    projects: [
      {
        test: {
          name: 'unit',
          // The simulated hosts run real scripts, and two cores have more to do.
          expect: { poll: { timeout: 10_000 } },
          include: ['test/**/*.test.ts'],
          exclude: stackTests,
        },
      },
      {
        test: {
          // One management cluster for the whole run. Its tests wait more than they compute: two files side by side
          // fill two cores, each in a namespace of its own, after the unit tests are done.
          name: 'stack',
          include: stackTests,
          exclude: [modelTests],
          globalSetup: ['test/support/stack.ts'],
          maxWorkers: 2,
          sequence: { groupOrder: 1 },
          testTimeout: 180_000,
          hookTimeout: 120_000,
        },
      },
      {
        test: {
          // Random sequences, side by side in themselves; last, and with the machine to themselves.
          name: 'model',
          include: [modelTests],
          maxWorkers: 1,
          sequence: { groupOrder: 2 },
          hookTimeout: 120_000,
        },
      },
    ],
  },
});
