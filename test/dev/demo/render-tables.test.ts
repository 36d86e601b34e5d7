import { stripVTControlCharacters } from 'node:util';
import { expect, test } from 'vitest';
import { formatDuration, renderTables } from '../../../dev/demo/render-tables.ts';
import { goodView, runningMachine } from './demo-fixtures.ts';

const options = { nowMs: 65_000, columns: 100, paint: (phase: string) => phase };
const lines = (text: string): string[] => text.split('\n').map((line) => line.trimEnd());

test('machines, hosts in the order of the pool, counters', () => {
  const view = goodView();
  const machines = [
    runningMachine('rack2-node07', { name: 'workers-a' }),
    runningMachine('rack1-node12', { name: 'workers-b', phase: 'Allocated', waitsFor: 'No bootstrap Secret' }),
    runningMachine('none', { name: 'workers-c', phase: undefined, host: undefined, node: undefined }),
  ];
  expect(lines(renderTables({ ...view, machines }, options))).toEqual([
    'MACHINE    PHASE      HOST          STEP                                    FOR',
    'workers-a  Running    rack2-node07  Is Node rack2-node07                    65 s',
    'workers-b  Allocated  rack1-node12  No bootstrap Secret                     65 s',
    'workers-c  new        -             Waits for Cluster API and its workflow  65 s',
    '',
    'HOST          STATE      POOL     OWNER',
    'rack2-node07  Allocated  workers  -',
    'rack1-node12  Allocated  workers  -',
    'rack3-node01  Available  workers  -',
    'rack1-node03  Available  workers  -',
    'rack2-node02  -          workers  -',
    '',
    'Pool workers: 3 available, 2 allocated, 0 reprovisioning, 0 preparing, 0 unavailable, 5 total',
  ]);
});

test.each([60, 80, 120])('a long step is cut so that %i columns hold each line', (columns) => {
  const machines = [runningMachine('rack2-node07', { name: 'workers-a', waitsFor: 'word '.repeat(40) })];
  const [, row = ''] = lines(renderTables({ ...goodView(), machines }, { ...options, columns }));
  expect(row).toContain('…');
  expect(row.length).toBeLessThan(columns);
});

test('colours do not move columns', () => {
  const paint = (phase: string): string => `\u001B[32m${phase}\u001B[39m`;
  const painted = renderTables(goodView(), { ...options, paint });
  expect(painted).toContain(paint('Running'));
  expect(stripVTControlCharacters(painted)).toBe(renderTables(goodView(), options));
});

test('before anything is there', () => {
  const nothing = renderTables({ machines: [], gone: [], hosts: [], pool: undefined }, options);
  expect(lines(nothing)).toEqual(['No machines', '', 'HOST  STATE  POOL  OWNER', '', 'No pool']);
});

test('durations', () => {
  expect([-5, 900, 99_999, 100_000, 3_600_000].map(formatDuration)).toEqual(['0 s', '0 s', '99 s', '1 min', '60 min']);
});
