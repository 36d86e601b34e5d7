import { describe, expect, it } from 'vitest';
import type { PoolMember } from '../../../api/pool.ts';
import { findNamesakes } from '../../../domain/pool/namesakes.ts';
import { computePoolStatus } from '../../../domain/pool/status.ts';
import { memberFacts } from '../../support/pool-fixtures.ts';

const pool = (name: string, members: PoolMember[], more: { namespace?: string; clusterName?: string } = {}) => ({
  namespace: 'ns',
  clusterName: 'prod',
  name,
  members,
  ...more,
});
type Pool = ReturnType<typeof pool>;
const namesakesOf = (asked: Pool, ...others: Pool[]) => Object.fromEntries(findNamesakes(asked, [asked, ...others]));

describe('findNamesakes', () => {
  it.each<[string, Pool, Pool[], Record<string, string>]>([
    [
      'in one pool',
      pool('a', [
        { name: 'h1', hostname: 'same' },
        { name: 'h2', hostname: 'same' },
      ]),
      [],
      {
        h1: 'same is also the host name of h2',
        h2: 'same is also the host name of h1',
      },
    ],
    [
      'the name of an inventory',
      pool('a', [{ name: 'h1' }, { name: 'h2', hostname: 'h1' }]),
      [],
      {
        h1: 'h1 is also the host name of h2',
        h2: 'h1 is also the host name of h1',
      },
    ],
    [
      'in another pool',
      pool('a', [{ name: 'h1', hostname: 'x' }]),
      [pool('b', [{ name: 'h2', hostname: 'x' }])],
      {
        h1: 'x is also the host name of h2 of pool b',
      },
    ],
    [
      'of another cluster',
      pool('a', [{ name: 'h1', hostname: 'x' }]),
      [
        pool('b', [{ name: 'h2', hostname: 'x' }], { clusterName: 'test' }),
        pool('b', [{ name: 'h2', hostname: 'x' }], { namespace: 'other' }),
      ],
      {},
    ],
    [
      'the same host in two pools',
      pool('a', [{ name: 'h1', hostname: 'x' }]),
      [pool('b', [{ name: 'h1', hostname: 'x' }])],
      {},
    ],
    [
      'names of their own',
      pool('a', [
        { name: 'h1', hostname: 'h2' },
        { name: 'h2', hostname: 'h1' },
      ]),
      [],
      {},
    ],
  ])('%s', (_, asked, others, expected) => {
    expect(namesakesOf(asked, ...others)).toEqual(expected);
  });

  it('makes the pool say so, and its hosts are counted as before', () => {
    const members = [
      { name: 'h1', hostname: 'same' },
      { name: 'h2', hostname: 'same' },
    ];
    const asked = pool('a', members);
    const { conditions, counters } = computePoolStatus(
      { name: 'a', generation: 1, members },
      (name) => memberFacts(name),
      findNamesakes(asked, [asked]),
    );
    expect(counters).toMatchObject({ total: 2, available: 2, unavailable: 0 });
    expect(conditions).toMatchObject([
      { type: 'Ready', status: 'False', reason: 'DuplicateHostname' },
      { type: 'MembersValid', status: 'False', reason: 'DuplicateHostname' },
    ]);
    expect(conditions[1]?.message).toMatch(
      /^With the host name of another host: h1 \(same is also the host name of h2\), h2 \(same is also the host name of h1\) \(give one/,
    );
  });
});
