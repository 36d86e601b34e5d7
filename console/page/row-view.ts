import type { CellState, FleetCell } from '../../domain/report/fleet/fleet-cell.ts';
import type { FleetRow } from '../../domain/report/fleet/fleet-map.ts';
import { element, shown } from './element.ts';
import type { Filters } from './filters.ts';
import { shownStates } from './looks.ts';

interface Placed {
  cell: FleetCell;
  node: HTMLElement;
}

/** A pool, with its hosts in its order. */
export class RowView {
  readonly node = element('div', { role: 'row', class: 'row' });
  /** Where the hosts are. */
  readonly cells = element('div', { role: 'presentation', class: 'cells' });
  readonly #name = element('span', { class: 'name' });
  readonly #about = element('span', { class: 'about' });
  readonly #count = element('span', { class: 'count' });
  readonly #waiting = element('span', { class: 'waiting', hidden: '' });
  readonly #bar = element('span', { class: 'bar', 'aria-hidden': 'true' });
  readonly #placed = new Map<string, Placed>();
  #isSorted = true;

  constructor(key: string) {
    const [namespace = '', name = ''] = key.split('/');
    const head = element('div', { role: 'rowheader', class: 'head', tabindex: '-1', 'data-pool': key });
    if (name === '') delete head.dataset['pool'];
    this.#name.textContent = name === '' ? 'in no pool' : shown(name);
    this.#about.textContent = shown(namespace);
    head.append(this.#name, this.#about, this.#count, this.#waiting, this.#bar);
    this.node.append(head, this.cells);
  }

  describe(row: FleetRow): void {
    const about = shown([row.cluster, row.namespace].filter((text) => text !== '').join(' · '));
    if (this.#about.textContent !== about) this.#about.textContent = about;
    const machines = row.waiting === 1 ? '1 machine waits' : `${row.waiting} machines wait`;
    this.#waiting.hidden = row.waiting === 0;
    if (this.#waiting.textContent !== machines) this.#waiting.textContent = machines;
  }

  put(key: string, cell: FleetCell, node: HTMLElement): void {
    const known = this.#placed.get(key);
    if (known === undefined || known.cell.place !== cell.place) this.#isSorted = false;
    this.#placed.set(key, { cell, node });
  }

  drop(key: string): void {
    this.#placed.get(key)?.node.remove();
    this.#placed.delete(key);
  }

  hasCells(): boolean {
    return this.#placed.size > 0;
  }

  /** After the last of several changes: order, counts, and the bar of states. */
  settle(): void {
    if (!this.#isSorted) this.#sort();
    const counts = new Map<CellState, number>();
    for (const { cell } of this.#placed.values()) counts.set(cell.state, (counts.get(cell.state) ?? 0) + 1);
    const hosts = this.#placed.size === 1 ? '1 host' : `${this.#placed.size} hosts`;
    this.#count.textContent = `${hosts}, ${counts.get('Free') ?? 0} free`;
    const parts = shownStates.flatMap((state) => {
      const count = counts.get(state);
      if (count === undefined) return [];
      const part = element('i', { class: state });
      part.style.flexGrow = String(count);
      return [part];
    });
    this.#bar.replaceChildren(...parts);
    this.node.style.containIntrinsicBlockSize = `auto ${heightOf(this.#placed.size)}px`;
  }

  #sort(): void {
    const sorted = [...this.#placed.values()].toSorted((a, b) => order(a.cell) - order(b.cell) || compare(a, b));
    this.cells.append(...sorted.map(({ node }) => node));
    this.#isSorted = true;
  }

  /** @returns whether it is shown. A pool without hosts is, as long as nothing is looked for. */
  showOrHide(filters: Filters): boolean {
    const isEmpty = this.#placed.size === 0;
    const all = Object.entries(filters).every(([, value]) => value === '');
    const visible = isEmpty ? all : [...this.#placed.values()].some(({ node }) => !node.hidden);
    if (this.node.hidden === visible) this.node.hidden = !visible;
    return visible;
  }
}

/** What a row of so many hosts is high, about: rows that nobody sees yet are not laid out for that. */
function heightOf(hosts: number): number {
  return Math.max(84, 28 + 21 * Math.ceil(hosts / 45));
}

/** Those that the pool names no more come last. */
function order({ place }: FleetCell): number {
  return place === -1 ? Number.MAX_SAFE_INTEGER : place;
}

function compare(a: Placed, b: Placed): number {
  return a.cell.name.localeCompare(b.cell.name, undefined, { numeric: true });
}
