import type { CellState, FleetCell } from '../../domain/report/fleet/fleet-cell.ts';
import type { FleetRow, MapChange } from '../../domain/report/fleet/fleet-map.ts';
import { createMatcher, type Filters, rowOf } from './filters.ts';

/** What is counted of the fleet, by the filters. */
export interface Figures {
  total: number;
  matched: number;
  /** Of what matches, whichever state is asked for: they add up to the whole when none is. */
  byState: Map<CellState, number>;
  /** Values that there are, for the choices. */
  clusters: Set<string>;
  pools: Set<string>;
  reasons: Set<string>;
  domains: Set<string>;
}

/** The fleet as the browser knows it. */
export class FleetModel {
  readonly cells = new Map<string, FleetCell>();
  readonly rows = new Map<string, FleetRow>();

  clear(): void {
    this.cells.clear();
    this.rows.clear();
  }

  take({ cells, rows, goneCells, goneRows }: MapChange): void {
    for (const key of goneCells) this.cells.delete(keyOf(key));
    for (const key of goneRows) this.rows.delete(keyOf(key));
    for (const cell of cells) this.cells.set(keyOf(cell), cell);
    for (const row of rows) this.rows.set(keyOf(row), row);
  }

  count(filters: Filters): Figures {
    const matches = createMatcher(filters);
    const figures: Figures = {
      total: this.cells.size,
      matched: 0,
      byState: new Map(),
      clusters: new Set(),
      pools: new Set(this.rows.keys()),
      reasons: new Set(),
      domains: new Set(),
    };
    for (const cell of this.cells.values()) {
      if (cell.cluster !== '') figures.clusters.add(cell.cluster);
      if (cell.reason !== '') figures.reasons.add(cell.reason);
      if (cell.failureDomain !== '') figures.domains.add(cell.failureDomain);
      figures.pools.add(rowOf(cell));
      if (!matches(cell, 'state')) continue;
      figures.byState.set(cell.state, (figures.byState.get(cell.state) ?? 0) + 1);
      if (matches(cell)) figures.matched += 1;
    }
    return figures;
  }
}

export function keyOf({ namespace, name }: { namespace: string; name: string }): string {
  return `${namespace}/${name}`;
}
