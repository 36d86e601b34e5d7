import { describe, expect, test } from 'vitest';
import type { HostView } from '../../../../domain/inputs/host-view.ts';
import type { MachineView } from '../../../../domain/inputs/machine-view.ts';
import type { PoolView } from '../../../../domain/inputs/pool-view.ts';
import { explainPool } from '../../../../domain/report/fleet/explain-pool.ts';
import { createFleet } from '../../../../domain/report/fleet/fleet.ts';
import { foreseeClaims } from '../../../../domain/report/fleet/foresee-claims.ts';
import { freeHost, waitingMachine } from '../../../support/pool-fixtures.ts';

const poolOf = (names: readonly string[], changes: Partial<PoolView> = {}): PoolView => ({
  namespace: 'demo',
  name: 'workers',
  uid: 'p',
  resourceVersion: '1',
  generation: 1,
  creationTimestamp: '2026-01-01T00:00:00Z',
  deleting: false,
  clusterName: 'demo',
  forControlPlanes: false,
  maxConcurrentReprovisions: undefined,
  slots: undefined,
  members: names.map((name) => ({ name })),
  memberNames: new Set(names),
  acceptance: undefined,
  counters: {},
  conditions: [],
  ...changes,
});
const fleetOf = (pool: PoolView, hosts: HostView[], machines: MachineView[]) =>
  createFleet({
    machines,
    pools: [pool],
    hosts,
    unreadable: new Map(),
    planSecrets: new Map(hosts.map(({ name }) => [`demo/${name}-plan`, { foreignPlanType: undefined }])),
    openRuns: new Set(),
  });

describe('claims that are foreseen', () => {
  const pool = poolOf(['h1', 'h2', 'h3', 'h4']);
  const hosts = [
    freeHost('h1'),
    freeHost('h2', { quarantined: true }),
    freeHost('h3', { failedReprovision: 'x' }),
    freeHost('h4'),
  ];

  const foresee = (machines: MachineView[], coming: number) =>
    foreseeClaims(pool, fleetOf(pool, hosts, machines), machines, coming).map(({ claimant, choice }) => [
      claimant?.name ?? 'new',
      choice.kind === 'host' ? choice.host.name : choice.message,
    ]);

  test('are those of the waiting, oldest first, then of new machines; no host twice, a failed one last', () => {
    const machines = [
      waitingMachine('young', 2),
      waitingMachine('old', 1),
      waitingMachine('elsewhere', 0, { pool: 'other' }),
    ];
    expect(foresee(machines, 2)).toEqual([
      ['old', 'h1'],
      ['young', 'h4'],
      ['new', 'h3'],
      ['new', 'No host of pool workers is free (4 hosts): 1 quarantined, 3 used by a machine'],
    ]);
  });

  test('leave a host that was given up to others', () => {
    expect(foresee([waitingMachine('picky', 1, { avoidedHosts: ['h1'] })], 1)).toEqual([
      ['picky', 'h4'],
      ['new', 'h1'],
    ]);
  });

  test('count those before them where machines spread, and those that have hosts and stay', () => {
    const preference = { group: 'MachineDeployment/md', reuses: false, spreads: true };
    const racks = poolOf(['a1', 'a2', 'b1', 'b2', 'b3', 'c1']);
    const using = (name: string, deleting: boolean) =>
      waitingMachine(name, 0, { preference, waitsForHost: false, deleting });
    const ownerOf = (machine: string): Partial<HostView> => ({
      allocationState: 'Allocated',
      owner: { cluster: 'demo', machine, baremetalMachine: machine, uid: `uid-${machine}` },
    });
    const places = racks.members.map(({ name }) => {
      const owner = { a1: ownerOf('stays'), c1: ownerOf('goes') }[name] ?? {};
      return freeHost(name, { failureDomain: name.charAt(0), ...owner });
    });
    const machines = [using('stays', false), using('goes', true), waitingMachine('waits', 1, { preference })];
    const claims = foreseeClaims(racks, fleetOf(racks, places, machines), machines, 3, { preference });
    const chosen = claims.map(({ choice }) => (choice.kind === 'host' ? choice.host.name : undefined));
    expect(chosen).toEqual(['b1', 'a2', 'b2', 'b3']);
  });

  test('are none of machines that do not wait', () => {
    expect(foresee([waitingMachine('m', 1, { waitsForHost: false })], 0)).toEqual([]);
  });
});

describe('a pool', () => {
  const faulty = {
    conditions: [
      {
        type: 'MembersValid',
        status: 'False',
        reason: 'MemberMissing',
        message: 'Without: h9',
        lastTransitionTime: '',
      },
    ],
  } as const;
  test.each([
    ['Ready', poolOf(['h1']), [freeHost('h1')], [], false],
    ['Exhausted', poolOf(['h1']), [freeHost('h1', { ready: false })], [], false],
    ['Exhausted', poolOf(['h1']), [freeHost('h1', { ready: false })], [waitingMachine('m', 1)], true],
    ['Empty', poolOf([]), [], [], true],
    ['Faulty', poolOf(['h1', 'h9'], { conditions: [...faulty.conditions] }), [freeHost('h1')], [], true],
    ['Deleting', poolOf(['h1'], { deleting: true }), [freeHost('h1')], [], false],
  ] as const)('is %s (%#)', (state, pool, hosts, machines, stuck) => {
    const explained = explainPool(pool, fleetOf(pool, [...hosts], [...machines]), machines);
    expect(explained).toMatchObject({ state, stuck });
    expect(explained.ways).not.toEqual([]);
    expect(explained.observed).toContain(`${machines.length} machine${machines.length === 1 ? ' waits' : 's wait'}`);
  });
});
