import type { CellState } from '../../domain/report/fleet/fleet-cell.ts';
import { element } from './element.ts';
import type { Filters } from './filters.ts';
import { looks, shownStates } from './looks.ts';
import type { Figures } from './model.ts';

type Facet = 'cluster' | 'pool' | 'reason' | 'domain';

const facets: readonly { name: Facet; label: string; of: (figures: Figures) => Set<string> }[] = [
  { name: 'cluster', label: 'Cluster', of: ({ clusters }) => clusters },
  { name: 'pool', label: 'Pool', of: ({ pools }) => pools },
  { name: 'reason', label: 'Reason', of: ({ reasons }) => reasons },
  { name: 'domain', label: 'Failure domain', of: ({ domains }) => domains },
];

/** What is looked for, and how many hosts of each state there are. */
export class Toolbar {
  readonly search = element('input', {
    type: 'search',
    placeholder: 'Host, machine, cluster …',
    'aria-label': 'Search hosts',
    'aria-keyshortcuts': '/',
    autocomplete: 'off',
    spellcheck: 'false',
  });
  readonly #selects = new Map<Facet, HTMLSelectElement>();
  readonly #counters = new Map<CellState, { button: HTMLButtonElement; count: HTMLElement }>();
  readonly #clear = element('button', { type: 'button', class: 'clear', hidden: '' }, 'Show all');
  readonly #onFilters: (change: Partial<Filters>) => void;

  constructor(place: HTMLElement, onFilters: (change: Partial<Filters>) => void) {
    this.#onFilters = onFilters;
    this.search.addEventListener('input', () => onFilters({ q: this.search.value.trim() }));
    const finders = element('div', { class: 'finders' }, this.search);
    for (const { name, label } of facets) finders.append(this.#addSelect(name, label));
    this.#clear.addEventListener('click', () =>
      onFilters({ q: '', cluster: '', pool: '', state: '', reason: '', domain: '' }),
    );
    finders.append(this.#clear);
    const counters = element('div', { class: 'counters', role: 'group', 'aria-label': 'Hosts by state' });
    for (const state of shownStates) counters.append(this.#addCounter(state));
    place.replaceChildren(finders, counters);
    place.hidden = false;
  }

  show(filters: Filters, figures: Figures): void {
    if (this.search.value.trim() !== filters.q) this.search.value = filters.q;
    for (const { name, of } of facets) this.#fill(name, of(figures), filters[name]);
    for (const [state, { button, count }] of this.#counters) {
      const text = String(figures.byState.get(state) ?? 0);
      if (count.textContent !== text) count.textContent = text;
      button.ariaPressed = String(filters.state === state);
      button.hidden = text === '0' && filters.state !== state;
    }
    this.#clear.hidden = Object.values(filters).every((value) => value === '');
  }

  #addSelect(name: Facet, label: string): HTMLElement {
    const select = element('select', { 'aria-label': label });
    select.addEventListener('change', () => this.#onFilters({ [name]: select.value }));
    this.#selects.set(name, select);
    return select;
  }

  /** The choices that there are, and the one that is asked for, be it there or not. */
  #fill(name: Facet, values: Set<string>, chosen: string): void {
    const select = this.#selects.get(name);
    const label = facets.find((facet) => facet.name === name)?.label ?? name;
    if (select === undefined) return;
    const wanted = [...new Set(chosen === '' ? values : [...values, chosen])].toSorted();
    const has = Array.from(select.options, ({ value }) => value).slice(1);
    if (select.options.length === 0 || has.join('\n') !== wanted.join('\n')) {
      const all = element('option', { value: '' }, `${label}: all`);
      const words = (value: string): string => (name === 'pool' ? value.replace(/\/$/, ' · in no pool') : value);
      select.replaceChildren(all, ...wanted.map((value) => element('option', { value }, words(value))));
    }
    if (select.value !== chosen) select.value = chosen;
    select.classList.toggle('set', chosen !== '');
  }

  #addCounter(state: CellState): HTMLElement {
    const { letter } = looks[state];
    const count = element('b', {}, '0');
    const swatch = element('i', { class: `cell ${state}`, 'aria-hidden': 'true' }, letter);
    const button = element('button', { type: 'button', 'data-state': state, hidden: '' }, swatch, `${state} `, count);
    button.addEventListener('click', () => this.#onFilters({ state: button.ariaPressed === 'true' ? '' : state }));
    this.#counters.set(state, { button, count });
    return button;
  }
}
