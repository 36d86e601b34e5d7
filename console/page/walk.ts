import type { MapView } from './map-view.ts';

const CELL = '[role=gridcell]:not([hidden])';

/**
 * The keyboard's way over the map: one host can be reached by Tab, arrows go from there. Left and right follow the order of
 * the hosts, up and down the lines as they are seen, PageUp and PageDown the pools.
 */
export class Walk {
  readonly #view: MapView;
  #current: HTMLElement | undefined;

  constructor(view: MapView) {
    this.#view = view;
    view.grid.addEventListener('keydown', (event) => this.#onKey(event));
    view.grid.addEventListener('focusin', ({ target }) => {
      if (target instanceof HTMLElement && target.matches(CELL)) this.#take(target);
    });
  }

  /** After a change: somebody can be reached by Tab. */
  settle(): void {
    if (this.#current?.isConnected === true && !this.#current.hidden) return;
    const first = this.#view.grid.querySelector<HTMLElement>(`.row:not([hidden]) ${CELL}`);
    if (first !== null) this.#take(first);
  }

  focus(node: HTMLElement): void {
    this.#take(node);
    node.focus();
  }

  #take(node: HTMLElement): void {
    if (this.#current !== node && this.#current !== undefined) this.#current.tabIndex = -1;
    node.tabIndex = 0;
    this.#current = node;
  }

  #onKey(event: KeyboardEvent): void {
    const from = event.target;
    if (!(from instanceof HTMLElement) || !from.matches(CELL) || event.altKey || event.metaKey) return;
    const next = this.#next(event.key, from, event.ctrlKey);
    if (next === undefined) return;
    event.preventDefault();
    this.focus(next);
    next.scrollIntoView({ block: 'nearest' });
  }

  #next(key: string, from: HTMLElement, ctrl: boolean): HTMLElement | undefined {
    const rows = this.#rows();
    const at = rows.findIndex((cells) => cells.includes(from));
    const cells = rows[at] ?? [];
    const place = cells.indexOf(from);
    switch (key) {
      case 'ArrowRight':
        return cells[place + 1] ?? rows[at + 1]?.[0];
      case 'ArrowLeft':
        return cells[place - 1] ?? rows[at - 1]?.at(-1);
      case 'ArrowDown':
      case 'ArrowUp':
        return vertical(rows, at, place, key === 'ArrowDown');
      case 'Home':
        return ctrl ? rows[0]?.[0] : cells[0];
      case 'End':
        return ctrl ? rows.at(-1)?.at(-1) : cells.at(-1);
      case 'PageDown':
        return (rows[at + 1] ?? cells)[0];
      case 'PageUp':
        return (rows[at - 1] ?? cells)[0];
      default:
        return undefined;
    }
  }

  #rows(): HTMLElement[][] {
    return [...this.#view.rows.values()]
      .filter(({ node }) => !node.hidden)
      .map(({ cells }) => [...cells.querySelectorAll<HTMLElement>(CELL)])
      .filter(({ length }) => length > 0);
  }
}

/** All hosts are equally large: a line holds as many as fit beside each other. */
function vertical(rows: HTMLElement[][], at: number, place: number, down: boolean): HTMLElement | undefined {
  const cells = rows[at] ?? [];
  const columns = columnsOf(cells);
  const column = place % columns;
  const target = place + (down ? columns : -columns);
  if (cells[target] !== undefined) return cells[target];
  const isLastLine = Math.floor(place / columns) === Math.floor((cells.length - 1) / columns);
  if (down && !isLastLine) return cells.at(-1);
  const other = rows[at + (down ? 1 : -1)];
  if (other === undefined) return undefined;
  const line = down ? 0 : Math.floor((other.length - 1) / columnsOf(other)) * columnsOf(other);
  return other[Math.min(line + column, other.length - 1)];
}

function columnsOf(cells: readonly HTMLElement[]): number {
  const [first] = cells;
  const next = cells.findIndex(({ offsetTop }) => offsetTop !== first?.offsetTop);
  return next === -1 ? cells.length : next;
}
