import { join } from 'node:path';
import { defineConfig } from 'vitest/config';
import { spareCores } from '../support/process-environment.ts';

spareCores();

/** Not among the projects of `npm test`: it builds Temporal's server. */
export default defineConfig({
  test: {
    name: 'production',
    root: join(import.meta.dirname, '../..'),
    include: ['test/production/*.production.ts'],
    globalSetup: ['test/production/setup.ts'],
    fileParallelism: false,
    testTimeout: 300_000,
    hookTimeout: 300_000,
    expect: { poll: { timeout: 10_000 } },
  },
});
