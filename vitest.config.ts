import { defineConfig } from 'vitest/config';
import { changedFiles } from './test/changed/changed-files.ts';
import { spareCores } from './test/support/process-environment.ts';

/** They run the scripts of plans, simulated hosts and other programs. */
const scriptTests = [
  'test/domain/plan/{deadlines,power-loss,reboot-script,scripts,validate}.test.ts',
  'test/dev/{host,process,tools}/**/*.test.ts',
  'test/dev/demo/journal.test.ts',
  'test/journal/*.test.ts',
];
const modelTests = 'test/model/*.stack.test.ts';
/** Two cores have more to do. */
const poll = { timeout: 10_000 };
const stackTests = ['test/**/*.stack.test.ts', 'test/e2e/**/*.test.ts'];

spareCores();

export default defineConfig({
  test: {
    experimental: { vcsProvider: changedFiles },
    projects: [
      {
        test: {
          name: 'unit',
          include: ['test/**/*.test.ts'],
          exclude: [...scriptTests, ...stackTests],
          // Most of their time went into importing the same modules for each file: those of a worker share them now.
          isolate: false,
          maxWorkers: '100%',
          // None of them says how fast something is, and other work may have the cores.
          testTimeout: 20_000,
          expect: { poll },
        },
      },
      {
        test: {
          name: 'scripts',
          include: scriptTests,
          exclude: stackTests,
          maxWorkers: '100%',
          expect: { poll },
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
          // As the unit tests; the clients of Temporal and Kubernetes alone take seconds to be imported and made ready.
          isolate: false,
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
