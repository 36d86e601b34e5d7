import type { FleetCell } from '../../domain/report/fleet/fleet-cell.ts';
import { element } from './element.ts';
import { createMatcher, type Filters, rowOf } from './filters.ts';
import { alarmWords, looks } from './looks.ts';
import type { FleetModel } from './model.ts';
import { RowView } from './row-view.ts';

/** The grid of pools and hosts. Each host is one element, which is changed where it stands. */
export class MapView {
  readonly grid = element('div', { role: 'grid', class: 'map', 'aria-label': 'Hosts by pool' });
  readonly rows = new Map<string, RowView>();
  readonly #model: FleetModel;
  /** By key of the host. */
  readonly #shown = new Map<string, { node: HTMLElement; row: string; cell: FleetCell }>();
  readonly #nothing = element('p', { class: 'quiet', hidden: '' }, 'No host is like that.');

  constructor(model: FleetModel) {
    this.#model = model;
  }

  get nothing(): HTMLElement {
    return this.#nothing;
  }

  node(key: string): HTMLElement | undefined {
    return this.#shown.get(key)?.node;
  }

  /** Brings the elements to what the model says. `keys`: the hosts that changed; undefined: all may have. */
  update(
    filters: Filters,
    keys: Iterable<string> = new Set([...this.#model.cells.keys(), ...this.#shown.keys()]),
  ): void {
    const matches = createMatcher(filters);
    const touched = new Set<RowView>();
    for (const key of keys) {
      const cell = this.#model.cells.get(key);
      const row = cell === undefined ? this.#drop(key) : this.#put(key, cell, matches(cell));
      for (const view of row) touched.add(view);
    }
    for (const [key, row] of this.#model.rows) this.#rowOf(key).describe(row);
    for (const row of touched) row.settle();
    for (const [key, row] of this.rows) if (!row.hasCells() && !this.#model.rows.has(key)) this.#removeRow(key, row);
    let visible = 0;
    for (const row of this.rows.values()) visible += row.showOrHide(filters) ? 1 : 0;
    this.#nothing.hidden = visible > 0;
  }

  #put(key: string, cell: FleetCell, isVisible: boolean): RowView[] {
    const known = this.#shown.get(key);
    const rowKey = rowOf(cell);
    const row = this.#rowOf(rowKey);
    const moved = known !== undefined && known.row !== rowKey ? this.#drop(key) : [];
    const node = known?.node ?? document.importNode(blank);
    if (known?.cell !== cell) paint(node, key, cell);
    if (node.hidden === isVisible) node.hidden = !isVisible;
    this.#shown.set(key, { node, row: rowKey, cell });
    row.put(key, cell, node);
    return [...moved, row];
  }

  #drop(key: string): RowView[] {
    const known = this.#shown.get(key);
    if (known === undefined) return [];
    this.#shown.delete(key);
    const row = this.#rowOf(known.row);
    row.drop(key);
    return [row];
  }

  #rowOf(key: string): RowView {
    const known = this.rows.get(key);
    if (known !== undefined) return known;
    const made = new RowView(key);
    const after = [...this.rows.entries()].find(([other]) => compareRows(key, other) < 0)?.[1];
    this.grid.insertBefore(made.node, after?.node ?? null);
    this.rows.set(key, made);
    const sorted = [...this.rows].toSorted(([a], [b]) => compareRows(a, b));
    this.rows.clear();
    for (const [name, row] of sorted) this.rows.set(name, row);
    return made;
  }

  #removeRow(key: string, row: RowView): void {
    row.node.remove();
    this.rows.delete(key);
  }
}

/** By namespace and name; hosts without a pool last. */
function compareRows(a: string, b: string): number {
  const spare = Number(a.endsWith('/')) - Number(b.endsWith('/'));
  if (spare !== 0) return spare;
  const [namespaceA = '', nameA = ''] = a.split('/');
  const [namespaceB = '', nameB = ''] = b.split('/');
  return compareNames(namespaceA, namespaceB) || compareNames(nameA, nameB);
}

/** Names of Kubernetes are ASCII: a collator, which takes a browser tens of milliseconds to make, orders them no better. */
function compareNames(a: string, b: string): number {
  if (a === b) return 0;
  return a < b ? -1 : 1;
}

/** What each host is a copy of, which is made faster than anew. */
const blank = element('div', { role: 'gridcell', tabindex: '-1' });

function paint(node: HTMLElement, key: string, cell: FleetCell): void {
  const { letter } = looks[cell.state];
  node.className = `cell ${cell.state}${cell.alarm === '' ? '' : ` alarm ${cell.alarm}`}`;
  if (node.getAttribute('data-key') !== key) node.setAttribute('data-key', key);
  if (node.textContent !== letter) node.textContent = letter;
  node.ariaLabel = describe(cell);
}

/** What is read out of a host. */
export function describe(cell: FleetCell): string {
  return [
    `${cell.name} is ${looks[cell.state].words}`,
    alarmWords[cell.alarm],
    cell.machine === '' ? '' : `machine ${cell.machine}`,
    cell.reason,
  ]
    .filter((text) => text !== '')
    .join(', ');
}
