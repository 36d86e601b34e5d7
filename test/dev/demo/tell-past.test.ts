import { expect, test } from 'vitest';
import { checkPast } from '../../../dev/demo/tell-past.ts';

const head = 'AT   TO   FROM';
const entry = (to: string) => `2026-11-26T14:04:43.517Z   ${to}   -`;
const told = (...phases: string[]) => ({ host: 'node-1', command: '', lines: [head, ...phases.map(entry)] });

test('a past is whole from the pool that took the host in until it is free again', () => {
  expect(checkPast(told('Available', 'Allocated', 'Running', 'Available')).holds).toBe(true);
  expect(checkPast(told('Running', 'Available'))).toMatchObject({ holds: false, seen: 'Running, Available' });
  expect(checkPast(told('Allocated', 'Running', 'Available')).holds).toBe(false);
  expect(checkPast(told('Available', 'Allocated', 'Preparing')).holds).toBe(false);
  expect(checkPast(told('Available')).holds).toBe(false);
  expect(checkPast(told())).toMatchObject({ holds: false, seen: 'nothing' });
});
