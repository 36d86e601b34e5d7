import { expect, test } from 'vitest';
import { findStranded } from '../../../domain/hosts/stranded.ts';
import { freeHost, waitingMachine } from '../../support/pool-fixtures.ts';

const owner = { cluster: 'c', machine: 'm', baremetalMachine: 'm', uid: 'uid-m' };
const moved = { ...owner, uid: 'uid-before-the-move' };
const hosts = [
  freeHost('free'),
  freeHost('used', { owner, allocationState: 'Allocated' }),
  freeHost('moved', { owner: moved, allocationState: 'Allocated' }),
  freeHost('left', { owner: { ...owner, uid: 'uid-left' }, allocationState: 'Allocated' }),
  freeHost('cleaning', { owner: { ...owner, uid: 'uid-cleaning' }, allocationState: 'Preparing' }),
  freeHost('loose', { allocationState: 'Reprovisioning' }),
  freeHost('going', { allocationState: 'Reprovisioning', deleting: true }),
  freeHost('kept', { allocationState: 'Unavailable', quarantined: true }),
];
const machines = [waitingMachine('m', 0), waitingMachine('n', 1, { providerID: 'baremetal:///moved' })];
const namesOf = (openRuns: ReadonlySet<string> | undefined): string[] =>
  findStranded({ hosts, machines, openRuns }).map(({ name }) => name);

test('stranded are hosts that nobody uses, nobody can claim and nobody waits for', () => {
  expect(namesOf(new Set(['uid-m', 'uid-cleaning']))).toEqual(['left', 'loose']);
  expect(namesOf(new Set())).toEqual(['left', 'cleaning', 'loose']);
});

test('no record counts as left behind while Temporal does not say which runs are open', () => {
  expect(namesOf(undefined)).toEqual(['loose']);
});
