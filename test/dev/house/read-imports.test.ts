import { expect, it } from 'vitest';
import { readImports } from '../../../dev/house/read-imports.ts';

const source = `
import './side-effect.ts';
import { z } from 'zod';
import one, { type Two } from '../other/one.ts';
import type { Three } from '../../three.ts';
import { type Four, type Five } from './wing/four.ts';
export { six } from '../six.ts';
export type { Seven } from '../seven.ts';
export * from '../eight.ts';
export const nine = await import('./nine.ts');
// import { no } from '../no.ts';
export const text = "import { no } from '../no.ts'";
`;

it('resolves what a file imports of the repository, and tells types from values', () => {
  const found = readImports('a/b/file.ts', source).map(({ to, typesOnly }) => (typesOnly ? `types of ${to}` : to));
  expect(found.toSorted()).toEqual([
    'a/b/nine.ts',
    'a/b/side-effect.ts',
    'a/eight.ts',
    'a/other/one.ts',
    'a/six.ts',
    'types of a/b/wing/four.ts',
    'types of a/seven.ts',
    'types of three.ts',
  ]);
});
