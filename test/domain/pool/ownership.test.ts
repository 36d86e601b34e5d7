import { describe, expect, it } from 'vitest';
import { compareAge, findOwningPool } from '../../../domain/pool/ownership.ts';
import { freeHost } from '../../support/pool-fixtures.ts';

const older = { name: 'older', creationTimestamp: '2026-01-01T00:00:00Z' };
const younger = { name: 'younger', creationTimestamp: '2026-01-01T00:00:01Z' };

describe('findOwningPool', () => {
  it('takes the oldest pool that names a host which has none yet', () => {
    expect(findOwningPool(freeHost('h'), [younger, older])).toBe('older');
  });

  it('leaves the host to the pool in its annotation', () => {
    expect(findOwningPool(freeHost('h', { pool: 'younger' }), [older, younger])).toBe('younger');
  });

  it('takes it from a pool that dropped it', () => {
    expect(findOwningPool(freeHost('h', { pool: 'gone' }), [younger])).toBe('younger');
    expect(findOwningPool(freeHost('h', { pool: 'gone' }), [])).toBeUndefined();
  });

  it.each(['Allocated', 'Reprovisioning', 'Preparing'] as const)('not while the host is %s', (allocationState) => {
    expect(findOwningPool(freeHost('h', { pool: 'gone', allocationState }), [younger])).toBe('gone');
  });
});

describe('compareAge', () => {
  it('lets the name decide within a second', () => {
    const twin = { ...older, name: 'aaa' };
    expect([younger, older, twin].toSorted(compareAge)).toEqual([twin, older, younger]);
  });
});
