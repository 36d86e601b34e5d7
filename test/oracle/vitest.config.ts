import { defineConfig } from 'vitest/config';

/** Not among the projects of `npm test`: it needs programs that are packaged for Debian. */
export default defineConfig({
  test: {
    name: 'oracle',
    root: import.meta.dirname,
    include: ['*.oracle.ts'],
    globalSetup: ['require-judges.ts'],
    testTimeout: 900_000,
    hookTimeout: 300_000,
    maxWorkers: '100%',
  },
});
