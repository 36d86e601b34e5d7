import { defineConfig } from 'oxlint';
import { lintImports } from './dev/house/lint-imports.ts';
import { rooms } from './dev/house/rooms.ts';

export default defineConfig({
  plugins: ['typescript', 'import', 'unicorn', 'oxc', 'promise', 'node'],
  categories: { correctness: 'error' },
  env: { node: true, es2024: true },
  rules: {
    'typescript/no-explicit-any': 'error',
    'typescript/no-floating-promises': 'error',
    'typescript/no-misused-promises': 'error',
    'typescript/await-thenable': 'error',
    'typescript/switch-exhaustiveness-check': ['error', { considerDefaultExhaustiveForUnions: true }],
    'typescript/no-unsafe-type-assertion': 'error',
    'typescript/no-unsafe-assignment': 'error',
    'typescript/no-unsafe-call': 'error',
    'typescript/no-unsafe-member-access': 'error',
    'typescript/no-unsafe-argument': 'error',
    'typescript/no-unsafe-return': 'error',
    'typescript/no-non-null-assertion': 'error',
    'typescript/parameter-properties': 'error',
    'typescript/consistent-type-imports': ['error', { fixStyle: 'inline-type-imports' }],
    eqeqeq: 'error',
    'no-console': 'error',
    'node/no-process-env': 'error',
    'import/no-cycle': 'error',
  },
  overrides: [
    ...lintImports(rooms),
    {
      files: ['dev/**', 'test/**', 'bench/**', 'cli/**'],
      rules: { 'no-console': 'off', 'node/no-process-env': 'off' },
    },
    {
      files: ['test/**'],
      // vitest reads from the pattern which fixtures a fixture needs.
      rules: { 'no-empty-pattern': ['error', { allowObjectPatternsAsParameters: true }] },
    },
    { files: ['runtime/env.ts'], rules: { 'node/no-process-env': 'off' } },
  ],
  ignorePatterns: ['node_modules', 'dist', 'coverage'],
});
