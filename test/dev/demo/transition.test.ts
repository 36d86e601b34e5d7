import { expect, test } from 'vitest';
import { describeTransition } from '../../../dev/demo/transition.ts';
import { memberHost, runningMachine } from './demo-fixtures.ts';

test('one line each', () => {
  const waiting = runningMachine('h1', { name: 'm', host: 'h1', waitsFor: 'No bootstrap Secret' });
  const created = runningMachine('h1', { name: 'm', host: undefined, phase: undefined });
  const told = [
    describeTransition({ kind: 'machine', machine: created, from: undefined, to: undefined }),
    describeTransition({ kind: 'machine', machine: waiting, from: 'Pending', to: 'Allocated' }),
    describeTransition({ kind: 'machine', machine: waiting, from: 'Preparing', to: 'gone' }),
    describeTransition({ kind: 'host', host: memberHost('h1'), from: 'Preparing' }),
  ];
  expect(told).toEqual([
    'machine m: created',
    'machine m: Pending → Allocated  on h1  (No bootstrap Secret)',
    'machine m: Preparing → gone  on h1',
    'host h1: Preparing → Available',
  ]);
});
