import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { HostView } from '../../../domain/inputs/host-view.ts';
import { groupOf, type Preference } from '../../../domain/inputs/preference.ts';
import { chooseHost } from '../../../domain/pool/candidates.ts';
import { memberFacts } from '../../support/pool-fixtures.ts';

interface Member extends Partial<HostView> {
  name: string;
  /** The group of the machine that has it. */
  user?: string;
}

const group = 'MachineDeployment/ours';
const spreading: Preference = { group, reuses: false, spreads: true };
const reusing: Preference = { group, reuses: true, spreads: false };
const both: Preference = { group, reuses: true, spreads: true };

function choose(
  pool: readonly Member[],
  preference: Preference,
  { failureDomain, elders = 0 }: { failureDomain?: string; elders?: number } = {},
): string | undefined {
  const facts = new Map(
    pool.map(({ user, ...host }) => {
      const used = user === undefined ? {} : { allocationState: 'Allocated' as const };
      return [host.name, memberFacts(host.name, { ...used, ...host }, { userGroup: user })];
    }),
  );
  const olderWaiting = Array.from({ length: elders }, () => ({ avoidedHosts: [], awaitedFailureDomain: undefined }));
  const options = { poolName: 'workers', failureDomain, preference, olderWaiting, avoid: [], isReserved: () => false };
  const choice = chooseHost(pool, (name) => facts.get(name), options);
  return choice.kind === 'host' ? choice.host.name : undefined;
}

const at = (failureDomain: string | undefined, name: string, more: Partial<Member> = {}): Member => ({
  ...more,
  name,
  failureDomain,
});

describe('a machine that spreads', () => {
  it('takes the first host where the fewest machines of its group are', () => {
    const pool = [at('a', 'a1', { user: group }), at('a', 'a2'), at('b', 'b1'), at('b', 'b2'), at('c', 'c1')];
    expect(choose(pool, spreading)).toBe('b1');
    expect(choose([...pool, at('b', 'b0', { user: group })], spreading)).toBe('c1');
    expect(choose([...pool, at('b', 'b0', { user: group }), at('c', 'c0', { user: group })], spreading)).toBe('a2');
  });

  it('does not count machines of others, and takes the first host where all are equal', () => {
    expect(choose([at('a', 'a1', { user: 'MachineDeployment/theirs' }), at('a', 'a2'), at('b', 'b1')], spreading)).toBe(
      'a2',
    );
  });

  it('takes a host that stands nowhere in particular after all others', () => {
    const pool = [at(undefined, 'x1'), at('a', 'a1', { user: group }), at('a', 'a2')];
    expect(choose(pool, spreading)).toBe('a2');
    expect(choose(pool.slice(0, 2), spreading)).toBe('x1');
    expect(choose([at(undefined, 'x2'), at(undefined, 'x1')], spreading)).toBe('x2');
  });

  it('takes the first host of the failure domain that it names', () => {
    const pool = [at('a', 'a1', { user: group }), at('a', 'a2'), at('b', 'b1')];
    expect(choose(pool, spreading, { failureDomain: 'a' })).toBe('a2');
  });

  it('and belongs to no group takes the first host', () => {
    const pool = [at('a', 'a1', { user: group }), at('a', 'a2'), at('b', 'b1')];
    expect(choose(pool, { ...spreading, group: undefined })).toBe('a2');
  });

  it('fills its failure domains evenly, one machine after the other', () => {
    const pool = ['a', 'a', 'a', 'b', 'b', 'b', 'c', 'c', 'c'].map((rack, index) => at(rack, `h${index}`));
    const chosen: string[] = [];
    for (;;) {
      const used = pool.map((member) => (chosen.includes(member.name) ? { ...member, user: group } : member));
      const next = choose(used, spreading);
      if (next === undefined) break;
      chosen.push(next);
    }
    expect(chosen).toEqual(['h0', 'h3', 'h6', 'h1', 'h4', 'h7', 'h2', 'h5', 'h8']);
  });
});

describe('a machine that prefers the hosts of its group', () => {
  const ours = { lastGroup: group };

  it('takes the first that its group used last, and any other if there is none', () => {
    const pool = [at('a', 'new'), at('a', 'theirs', { lastGroup: 'x' }), at('b', 'old', ours), at('a', 'old-2', ours)];
    expect(choose(pool, reusing)).toBe('old');
    expect(choose(pool.slice(0, 2), reusing)).toBe('new');
    expect(choose(pool, { ...reusing, reuses: false })).toBe('new');
  });

  it('takes even its own only if enough is left for older machines', () => {
    const pool = [at('a', 'new'), at('a', 'old', ours)];
    expect(choose(pool, reusing, { elders: 1 })).toBe('old');
    expect(choose(pool, reusing, { elders: 2 })).toBeUndefined();
  });

  it('takes one that failed after all others', () => {
    const pool = [at('a', 'old', { ...ours, failedReprovision: 'r' }), at('a', 'new')];
    expect(choose(pool, reusing)).toBe('new');
    expect(choose(pool.slice(0, 1), reusing)).toBe('old');
  });

  it('and belongs to no group takes the first host: hosts without a past are not its own', () => {
    expect(choose([at('a', 'old', ours), at('a', 'new')], { ...reusing, group: undefined })).toBe('old');
  });

  it('spreads among those', () => {
    const used = at('a', 'used', { user: group });
    expect(choose([used, at('c', 'new'), at('a', 'old-a', ours), at('b', 'old-b', ours)], both)).toBe('old-b');
  });

  it('asks nowhere else than in the failure domain that it names', () => {
    expect(choose([at('a', 'old', ours), at('b', 'new')], reusing, { failureDomain: 'b' })).toBe('new');
  });
});

describe('the group of a machine', () => {
  const cluster = { 'cluster.x-k8s.io/cluster-name': 'c' };
  it.each([
    [{ 'cluster.x-k8s.io/deployment-name': 'md', 'cluster.x-k8s.io/set-name': 'md-x' }, 'MachineDeployment/md'],
    [{ 'cluster.x-k8s.io/set-name': 'alone' }, 'MachineSet/alone'],
    [{ 'cluster.x-k8s.io/control-plane': '', 'cluster.x-k8s.io/control-plane-name': 'kcp' }, 'ControlPlane/kcp'],
    [{ 'cluster.x-k8s.io/control-plane': '' }, 'ControlPlane/c'],
    [{}, undefined],
  ])('by its labels %o is %s', (labels, expected) => {
    expect(groupOf({ labels: { ...cluster, ...labels } })).toBe(expected);
  });
});

const member = fc.record({
  failureDomain: fc.constantFrom('a', 'b', 'c', undefined),
  user: fc.constantFrom(undefined, undefined, group, 'MachineDeployment/theirs'),
  lastGroup: fc.constantFrom(undefined, group, 'MachineDeployment/theirs'),
  failedReprovision: fc.constantFrom(undefined, undefined, undefined, 'r'),
});
const poolOf = fc
  .array(member, { maxLength: 9 })
  .map((members) => members.map(({ user, ...host }, index) => ({ ...host, name: `h${index}`, ...(user && { user }) })));
const preference = fc.record({ group: fc.constantFrom(group, undefined), reuses: fc.boolean(), spreads: fc.boolean() });
const domain = fc.constantFrom('a', 'b', undefined);

/** The rules as they are told in docs/guides/failure-domains.md, without a thought of speed. */
function firstByRules(pool: readonly Member[], wish: Preference, failureDomain: string | undefined) {
  const crowd = (place: string | undefined) =>
    place === undefined ? 1_000 : pool.filter((other) => other.failureDomain === place && other.user === group).length;
  const free = pool.filter(
    (host) => host.user === undefined && (failureDomain ?? host.failureDomain) === host.failureDomain,
  );
  const key = (host: Member): number[] => [
    host.failedReprovision === undefined ? 0 : 1,
    wish.group !== undefined && wish.reuses && host.lastGroup !== wish.group ? 1 : 0,
    wish.group !== undefined && wish.spreads && failureDomain === undefined ? crowd(host.failureDomain) : 0,
    pool.indexOf(host),
  ];
  const text = (host: Member) => key(host).map((part) => String(part).padStart(5, '0')).join(); // prettier-ignore
  return free.toSorted((a, b) => (text(a) < text(b) ? -1 : 1))[0]?.name;
}

describe('hosts of every kind', () => {
  it('are chosen by the rules, and a host is found whenever one is free', () => {
    fc.assert(
      fc.property(poolOf, preference, domain, (pool, wish, failureDomain) => {
        const where = failureDomain === undefined ? {} : { failureDomain };
        expect(choose(pool, wish, where)).toBe(firstByRules(pool, wish, failureDomain));
      }),
      { numRuns: 5_000 },
    );
  });

  it('never leave two failure domains more than one machine apart while the emptier one has a free host', () => {
    fc.assert(
      fc.property(fc.array(fc.constantFrom('a', 'b', 'c'), { maxLength: 12 }), (places) => {
        let pool: Member[] = places.map((place, index) => at(place, `h${index}`));
        const count = (place: string) => pool.filter((host) => host.failureDomain === place && host.user).length;
        for (let next = choose(pool, spreading); next !== undefined; next = choose(pool, spreading)) {
          pool = pool.map((host) => (host.name === next ? { ...host, user: group } : host));
          for (const { failureDomain = '', user } of pool) {
            if (user !== undefined) continue;
            expect(Math.max(...places.map(count)) - count(failureDomain)).toBeLessThanOrEqual(1);
          }
        }
        expect(pool.every(({ user }) => user === group)).toBe(true);
      }),
    );
  });
});
