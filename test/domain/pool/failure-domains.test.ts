import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { MachineView } from '../../../domain/inputs/machine-view.ts';
import { chooseHost } from '../../../domain/pool/candidates.ts';
import { findOlderWaiting, machinesToWake, emptyWakeMemory } from '../../../domain/pool/wakeups.ts';
import { freeHost, memberFacts, waitingMachine } from '../../support/pool-fixtures.ts';

type Place = string | undefined;
interface Host {
  name: string;
  failureDomain: Place;
}

const pool = (...places: Place[]): Host[] => places.map((failureDomain, at) => ({ name: `h${at}`, failureDomain }));
const waitingFor = (...places: Place[]): MachineView[] =>
  places.map((awaitedFailureDomain, age) => waitingMachine(`m${age}`, age, { awaitedFailureDomain }));

function choose(hosts: readonly Host[], failureDomain: Place, olderWaiting: readonly MachineView[] = []) {
  const facts = new Map(hosts.map((host) => [host.name, memberFacts(host.name, host)]));
  const options = { poolName: 'workers', failureDomain, olderWaiting, avoid: [], isReserved: () => false };
  const choice = chooseHost(hosts, (name) => facts.get(name), options);
  return choice.kind === 'host' ? choice.host.name : choice;
}

const wakes = (waiting: readonly MachineView[], hosts: readonly Host[], memory = emptyWakeMemory, nowMs = 0) =>
  machinesToWake({ waiting, poolExists: true, eligible: hosts, memory, nowMs });

describe('a host of the failure domain that the Machine names', () => {
  it('is the first one there in declared order; without a name any host will do', () => {
    const hosts = pool('a', 'b', undefined, 'b', 'c');
    expect(choose(hosts, 'b')).toBe('h1');
    expect(choose(hosts, 'c')).toBe('h4');
    expect(choose(hosts, undefined)).toBe('h0');
  });

  it('is waited for though others are free, with what is known of each failure domain', () => {
    const hosts = pool('a', 'a', undefined);
    const facts = new Map([
      ...hosts.map((host) => [host.name, memberFacts(host.name, host)] as const),
      ['used', memberFacts('used', { failureDomain: 'b', allocationState: 'Allocated' })],
      ['out', memberFacts('out', { failureDomain: 'b', quarantined: true })],
    ]);
    const members = [...hosts, { name: 'used' }, { name: 'out' }, { name: 'lost' }];
    const options = { poolName: 'workers', failureDomain: 'b', olderWaiting: [], avoid: [], isReserved: () => false };
    expect(chooseHost(members, (name) => facts.get(name), options)).toMatchObject({
      kind: 'exhausted',
      eligible: 0,
      reasons: { otherDomain: 3, inUse: 1, quarantined: 1, missing: 1 },
      message:
        'No host of pool workers in failure domain b is free (2 hosts): 1 quarantined, 1 not released or unavailable. ' +
        'Free in others: a 2 of 2, none that is known 1 of 2',
    });
  });

  it('that no host has is told as such', () => {
    expect(choose(pool('a'), 'typo')).toMatchObject({
      message: 'No host of pool workers in failure domain typo is free (0 hosts). Free in others: a 1 of 1',
    });
  });

  it('names not all of hundreds of failure domains', () => {
    const many = pool(...Array.from({ length: 300 }, (_, at) => `rack-${String(at).padStart(3, '0')}`));
    const choice = choose(many, 'typo');
    expect(typeof choice === 'string' ? choice : choice.message).toMatch(/rack-011 1 of 1 and 288 more$/);
  });

  it('is kept for older machines that can have no other one, and not for those that can', () => {
    expect(choose(pool('a', 'b'), 'a', waitingFor('b', 'b', 'b'))).toBe('h0');
    expect(choose(pool('a', 'b'), 'a', waitingFor('a'))).toMatchObject({
      eligible: 1,
      message:
        '1 of 1 host of pool workers in failure domain a free, kept for 1 older machine. Free in others: b 1 of 1',
    });
    expect(choose(pool('a', 'b'), 'a', waitingFor(undefined))).toBe('h0');
    expect(choose(pool('a', 'b'), 'a', waitingFor('b', undefined))).toMatchObject({ kind: 'exhausted' });
    expect(choose(pool('a', 'b'), undefined, waitingFor('a'))).toBe('h1');
    expect(choose(pool('a', 'a'), undefined, waitingFor('a'))).toBe('h0');
    expect(choose(pool('a'), undefined, waitingFor('b'))).toBe('h0');
  });

  it('comes last there, not of all, if a plan failed on it', () => {
    const facts = new Map(
      [freeHost('x', { failureDomain: 'a', failedReprovision: 'r' }), freeHost('y', { failureDomain: 'a' })].map(
        (host) => [host.name, memberFacts(host.name, host)],
      ),
    );
    const options = { poolName: 'workers', failureDomain: 'a', olderWaiting: [], avoid: [], isReserved: () => false };
    const members = [{ name: 'x' }, { name: 'y' }];
    expect(chooseHost(members, (name) => facts.get(name), options)).toMatchObject({ host: { name: 'y' } });
    expect(chooseHost(members.slice(0, 1), (name) => facts.get(name), options)).toMatchObject({ host: { name: 'x' } });
  });
});

describe('who is woken for a host', () => {
  const names = (plan: ReturnType<typeof wakes>) => plan.wake.map(({ name }) => name);

  it('is the oldest that can use it, not the oldest', () => {
    expect(names(wakes(waitingFor('a', 'a', 'b', undefined), pool('b')))).toEqual(['m2']);
    expect(names(wakes(waitingFor('a', 'a', 'b'), pool('a', 'b')))).toEqual(['m0', 'm2']);
    expect(names(wakes(waitingFor('a', undefined, 'a'), pool('a', 'a')))).toEqual(['m0', 'm1']);
    expect(names(wakes(waitingFor('typo'), pool('a', undefined)))).toEqual([]);
  });

  it('is woken for a new host there though another one, for somebody else, is still free', () => {
    const [a, , b] = waitingFor('a', 'b', 'b');
    if (a === undefined || b === undefined) throw new Error('three machines');
    const first = wakes([a, b], pool('a'));
    expect(names(first)).toEqual(['m0']);
    const second = wakes([a, b], pool('a', 'b'), first.memory, 10);
    expect(names(second)).toEqual(['m2']);
    // The host of b went to somebody else, and another one came there.
    const third = [
      { name: 'h0', failureDomain: 'a' },
      { name: 'other', failureDomain: 'b' },
    ];
    expect(names(wakes([a, b], third, second.memory, 20))).toEqual(['m2']);
  });
});

const place = fc.constantFrom<Place>('a', 'b', 'c', undefined);
const hostsOf = fc.array(place, { maxLength: 7 }).map((places) => pool(...places));
const machinesOf = fc.array(place, { maxLength: 6 }).map((places) => waitingFor(...places));

/** How many machines can have a host each, if the hosts are dealt out in the best way. */
function countMatches(places: readonly Place[], hosts: readonly Host[]): number {
  const heldBy = new Map<string, number>();
  const findFor = (machine: number, tried: Set<string>): boolean =>
    hosts.some(({ name, failureDomain }) => {
      const wanted = places[machine];
      if (tried.has(name) || (wanted !== undefined && wanted !== failureDomain)) return false;
      tried.add(name);
      const holder = heldBy.get(name);
      if (holder !== undefined && !findFor(holder, tried)) return false;
      heldBy.set(name, machine);
      return true;
    });
  return places.filter((_, machine) => findFor(machine, new Set())).length;
}

describe('hosts and machines in failure domains', () => {
  const placesOf = (machines: readonly MachineView[]) => machines.map((machine) => machine.awaitedFailureDomain);

  it('a host is given away where it stands right, and takes none from an older machine', () => {
    fc.assert(
      fc.property(hostsOf, machinesOf, place, (hosts, elders, wanted) => {
        const chosen = choose(hosts, wanted, elders);
        const places = placesOf(elders);
        const served = countMatches(places, hosts);
        expect(typeof chosen === 'string').toBe(countMatches([...places, wanted], hosts) > served);
        if (typeof chosen !== 'string') return;
        const host = hosts.find(({ name }) => name === chosen);
        expect(wanted === undefined || host?.failureDomain === wanted).toBe(true);
        const others = hosts.filter(({ name }) => name !== chosen);
        expect(countMatches(places, others)).toBe(served);
        if (elders.length > 0) return;
        expect(host).toBe(hosts.find(({ failureDomain }) => wanted === undefined || failureDomain === wanted));
      }),
      { numRuns: 2_000 },
    );
  });

  it('whoever can be served beside those before it is woken', () => {
    fc.assert(
      fc.property(hostsOf, machinesOf, (hosts, waiting) => {
        const places = placesOf(waiting);
        const expected = waiting.filter(
          (_, at) => countMatches(places.slice(0, at + 1), hosts) > countMatches(places.slice(0, at), hosts),
        );
        expect(wakes(waiting, hosts).wake).toEqual(expected);
      }),
      { numRuns: 2_000 },
    );
  });

  it('nobody waits beside a host that it could have, in whatever order the woken claim', () => {
    const order = fc.array(fc.nat(), { minLength: 12, maxLength: 12 });
    fc.assert(
      fc.property(hostsOf, machinesOf, order, (hosts, machines, turns) => {
        let free = hosts;
        let waiting = machines;
        for (const turn of turns) {
          const { wake } = wakes(waiting, free);
          const claims = wake.flatMap((machine) => {
            const elders = findOlderWaiting(machine, waiting, () => false);
            const chosen = choose(free, machine.awaitedFailureDomain, elders);
            return typeof chosen === 'string' ? [{ machine, chosen }] : [];
          });
          const claim = claims[turn % Math.max(1, claims.length)];
          if (claim === undefined) break;
          waiting = waiting.filter(({ uid }) => uid !== claim.machine.uid);
          free = free.filter(({ name }) => name !== claim.chosen);
        }
        expect(countMatches(placesOf(waiting), free)).toBe(0);
      }),
      { numRuns: 2_000 },
    );
  });
});
