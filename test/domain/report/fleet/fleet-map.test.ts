import { describe, expect, it } from 'vitest';
import type { FleetCell } from '../../../../domain/report/fleet/fleet-cell.ts';
import { FleetMap, type FleetRow } from '../../../../domain/report/fleet/fleet-map.ts';
import * as fc from 'fast-check';

const cellOf = (name: string, state: FleetCell['state'] = 'Free'): FleetCell => ({
  namespace: 'metal',
  name,
  pool: 'workers',
  place: 0,
  state,
  stuck: false,
  alarm: '',
  machine: '',
  cluster: 'c1',
  reason: '',
  since: '',
  failureDomain: '',
});
const key = (name: string) => ({ namespace: 'metal', name });

function world() {
  const cells = new Map<string, FleetCell>();
  const rows = new Map<string, FleetRow>();
  const looks: string[] = [];
  const map = new FleetMap({
    cell: ({ name }) => {
      looks.push(name);
      return cells.get(name);
    },
    row: ({ name }) => rows.get(name),
  });
  const set = (cell: FleetCell): void => {
    cells.set(cell.name, cell);
    map.touchHost(cell);
  };
  return { cells, rows, looks, map, set };
}

describe('FleetMap', () => {
  it('looks at a host that changed, and at no other', () => {
    const { map, set, looks } = world();
    for (const name of ['a', 'b', 'c']) set(cellOf(name));
    map.advance();
    looks.length = 0;
    set(cellOf('b', 'Running'));
    map.touchHost(key('b'));
    expect(map.advance()?.cells).toEqual([cellOf('b', 'Running')]);
    expect(looks).toEqual(['b']);
  });

  it('makes no version of what looks as before', () => {
    const { map, set } = world();
    set(cellOf('a'));
    const first = map.advance();
    set(cellOf('a'));
    expect(map.advance()).toBeUndefined();
    expect(map.version).toBe(first?.version);
  });

  it('begins anew with a viewer of a version that it never made', () => {
    const { map, set } = world();
    set(cellOf('a'));
    map.advance();
    expect(map.since(2)).toBeUndefined();
  });

  it('begins anew with a viewer for whom too much has gone', () => {
    const { map, set, cells } = world();
    const names = Array.from({ length: 10_001 }, (_, index) => `h${index}`);
    for (const name of names) set(cellOf(name));
    map.advance();
    for (const name of names) {
      cells.delete(name);
      map.touchHost(key(name));
    }
    map.advance();
    expect(map.since(1)).toBeUndefined();
    expect(map.since(2)?.goneCells).toEqual([]);
  });

  it('tells whoever was away just what it lacks, whenever it left', () => {
    const change = fc.record({
      name: fc.constantFrom('a', 'b', 'c', 'd'),
      state: fc.constantFrom('Free', 'Running', ''),
    });
    fc.assert(
      fc.property(fc.array(fc.array(change, { maxLength: 4 }), { maxLength: 12 }), fc.nat(12), (rounds, leaves) => {
        const { map, set, cells } = world();
        const viewer = new Map<string, FleetCell>();
        let seen = 0;
        const take = (of: ReturnType<FleetMap['since']>): void => {
          for (const { name } of of?.goneCells ?? []) viewer.delete(name);
          for (const cell of of?.cells ?? []) viewer.set(cell.name, cell);
          seen = of?.version ?? seen;
        };
        for (const [round, changes] of rounds.entries()) {
          for (const { name, state } of changes) {
            if (state === 'Free' || state === 'Running') set(cellOf(name, state));
            else {
              cells.delete(name);
              map.touchHost(key(name));
            }
          }
          map.advance();
          if (round < leaves) take(map.since(seen));
        }
        take(map.since(seen));
        expect(viewer).toEqual(cells);
        expect(new Map(map.whole().cells.map((cell) => [cell.name, cell]))).toEqual(cells);
      }),
    );
  });
});
