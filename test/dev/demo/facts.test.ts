import { expect, test } from 'vitest';
import type { DemoView, HostRow, ShownMachine } from '../../../dev/demo/demo-view.ts';
import { checkOrder, checkReleased, checkRunning, checkRuns, type Evidence } from '../../../dev/demo/facts.ts';
import { failedNames, goodEvidence, goodView, runningMachine } from './demo-fixtures.ts';

const [first, second, third] = ['rack2-node07', 'rack1-node12', 'rack3-node01'] as const;

/** The good evidence, with a part of its view, or of what a host says, replaced. */
function evidence(view: Partial<DemoView>, record?: [string, { plans: string[]; kubeletRuns: boolean }]): Evidence {
  const good = goodEvidence();
  const records = new Map(good.records);
  if (record !== undefined) records.set(...record);
  return { view: { ...good.view, ...view }, records };
}

test('all facts hold where all is as it should be', () => {
  const good = goodEvidence();
  expect(failedNames([...checkRunning(good, 2), ...checkReleased(good, 2), checkOrder(good)])).toEqual([]);
});

const machineOn = (changes: Partial<ShownMachine>): Partial<DemoView> => ({
  machines: [runningMachine(first), runningMachine(second, changes)],
});
test.each<[string, RegExp, Evidence]>([
  ['a machine too few', /machines are Running/, evidence({ machines: [runningMachine(first)] })],
  ['a machine in another phase', /machines are Running/, evidence(machineOn({ phase: 'Preparing' }))],
  ['a Machine in another phase', /machines are Running/, evidence(machineOn({ capiPhase: 'Provisioned' }))],
  ['a Machine without node', /machines are Running/, evidence(machineOn({ node: undefined }))],
  ['a foreign providerID', /providerID/, evidence(machineOn({ providerID: 'baremetal:///other' }))],
  ['no providerID', /providerID/, evidence(machineOn({ providerID: undefined }))],
  ['a second plan', /one plan/, evidence({}, [first, { plans: ['reprovision', 'reprovision'], kubeletRuns: true }])],
  ['the wrong plan', /one plan/, evidence({}, [first, { plans: ['clean'], kubeletRuns: true }])],
  ['a dead kubelet', /kubelet runs/, evidence({}, [first, { plans: ['reprovision'], kubeletRuns: false }])],
  ['no pool', /pool counters/, evidence({ pool: undefined })],
])('running: %s is seen', (_what, name, seen) => {
  expect(failedNames(checkRunning(seen, 2))).toContainEqual(expect.stringMatching(name));
});

test.each([
  { available: 2, allocated: 2, unavailable: 1, total: 5 },
  { available: 2, allocated: 3, unavailable: 0, total: 5 },
  { available: 3, allocated: 2, unavailable: 0, total: 4 },
])('running: wrong pool counters are seen: %o', (counters) => {
  const { pool } = goodView();
  if (pool === undefined) throw new Error('The fixture lacks its pool');
  const seen = evidence({ pool: { ...pool, counters: { ...pool.counters, ...counters } } });
  expect(failedNames(checkRunning(seen, 2))).toEqual(['pool counters: 5 total, 2 allocated, 3 available']);
});

test('a host that comes later in the pool is seen', () => {
  const seen = evidence({ machines: [runningMachine(first), runningMachine(third)] });
  expect(checkOrder(seen)).toMatchObject({ holds: false, seen: `${first}; ${third}` });
});

const hostThird = (changes: Partial<HostRow>): Partial<DemoView> => ({
  hosts: goodView().hosts.map((host) => (host.name === third ? { ...host, ...changes } : host)),
});
test.each<[string, RegExp, Evidence]>([
  ['no machine went', /are gone/, evidence({ gone: [] })],
  ['a host is in use again', /are gone/, evidence({ machines: [runningMachine(third)] })],
  ['a host is not Available', /Available again/, evidence(hostThird({ state: 'Preparing' }))],
  ['an owner is left', /owner annotations/, evidence(hostThird({ ownerAnnotations: ['x/owner-uid'] }))],
  ['the pool annotation is gone', /pool annotation/, evidence(hostThird({ pool: undefined }))],
  ['another pool has the host', /pool annotation/, evidence(hostThird({ pool: 'others' }))],
  ['no clean plan ran', /two plans/, evidence({}, [third, { plans: ['reprovision'], kubeletRuns: false }])],
  ['a kubelet runs on', /is stopped/, evidence({}, [third, { plans: ['reprovision', 'clean'], kubeletRuns: true }])],
])('released: %s is seen', (_what, name, seen) => {
  expect(failedNames(checkReleased(seen, 2))).toContainEqual(expect.stringMatching(name));
});

test('the runs: Running for machines that are there, Completed for those that went', () => {
  const view = goodView();
  const runs = new Map([
    ...view.machines.map(({ uid }) => [uid, 'RUNNING'] as const),
    ...view.gone.map(({ uid }) => [uid, 'COMPLETED'] as const),
  ]);
  expect(failedNames(checkRuns(view, runs))).toEqual([]);
  expect(failedNames(checkRuns(view, new Map([...runs, [`uid-${third}`, 'RUNNING']])))).toEqual([
    'in Temporal the workflows of the removed machines are Completed',
  ]);
  expect(failedNames(checkRuns(view, new Map([...runs, [`uid-${first}`, 'absent']])))).toEqual([
    'in Temporal the workflows of these machines are Running',
  ]);
});
