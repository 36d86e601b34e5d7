import { describe, expect, it } from 'vitest';
import { findFaults } from '../../../dev/house/find-faults.ts';
import type { Import } from '../../../dev/house/read-imports.ts';
import type { Room } from '../../../dev/house/room.ts';

const hall: Room = { path: 'hall', holds: 'a', mayImport: [] };
const wing: Room = { path: 'hall/wing', holds: 'b', mayImport: ['hall'] };
const yard: Room = { path: 'yard', holds: 'c', mayImport: ['hall/wing/one.ts'], mayImportTypesOf: ['hall'] };
const open: Room = { path: 'test', holds: 'd', mayImport: [], open: true };
const table = [hall, wing, yard, open];

const files = ['root.ts', 'hall/a.ts', 'hall/wing/one.ts', 'hall/wing/two.ts', 'yard/c.ts', 'test/e2e/x.test.ts'];
const imports = [
  arrow('hall/wing/one.ts', 'hall/a.ts'),
  arrow('hall/wing/one.ts', 'hall/wing/two.ts'),
  arrow('yard/c.ts', 'hall/wing/one.ts'),
  arrow('yard/c.ts', 'hall/a.ts', true),
  arrow('test/e2e/x.test.ts', 'yard/c.ts'),
  arrow('root.ts', 'yard/c.ts'),
];

function arrow(from: string, to: string, typesOnly = false): Import {
  return { from, to, typesOnly };
}

describe('findFaults', () => {
  it('finds none where the tree is as the table says', () => {
    expect(findFaults(table, files, imports)).toEqual([]);
  });

  it.each([
    [arrow('hall/a.ts', 'hall/wing/one.ts'), 'hall/ may import nothing of ours'],
    [arrow('hall/a.ts', 'test/e2e/x.test.ts'), 'hall/ may import nothing of ours'],
    [arrow('yard/c.ts', 'hall/wing/two.ts'), 'yard/ may import hall/wing/one.ts, types of hall'],
    [arrow('yard/c.ts', 'hall/a.ts'), 'yard/ may import hall/wing/one.ts, types of hall'],
    [arrow('yard/c.ts', 'root.ts'), 'yard/ may import hall/wing/one.ts, types of hall'],
  ])('refuses an import that the table does not allow: %j', (found, allowed) => {
    expect(findFaults(table, files, [...imports, found])).toEqual([`${found.from} imports ${found.to}: ${allowed}`]);
  });

  it.each([
    [0, 'hall/wing/ imports nothing of hall any more'],
    [2, 'yard/ imports nothing of hall/wing/one.ts any more'],
    [3, 'yard/ imports nothing of hall any more'],
  ])('names what is allowed and not made use of: %i', (index, fault) => {
    expect(findFaults(table, files, imports.toSpliced(index, 1))).toEqual([`${fault}: take it from the table`]);
  });

  it('names a folder without a place in the table, and a place without a folder', () => {
    expect(findFaults(table, [...files, 'hall/new/x.ts'], imports)).toEqual(['hall/new/ is not in the table of rooms']);
    expect(findFaults([...table, { ...hall, path: 'gone' }], files, imports)).toEqual([
      'gone/ has no TypeScript any more',
    ]);
  });

  it('finds a circle of rooms, even if it goes by single files or types', () => {
    const round = [{ ...hall, mayImportTypesOf: ['yard'] }, wing, yard, open];
    expect(findFaults(round, files, [...imports, arrow('hall/a.ts', 'yard/c.ts', true)])).toEqual([
      'circle: hall → yard → hall/wing → hall',
      'circle: hall → yard → hall',
    ]);
  });
});
