import { ChartsView } from './charts-view.ts';
import { byId } from './element.ts';
import { type Filters, readFilters, writeFilters } from './filters.ts';
import { followFleet } from './follow.ts';
import { addHover } from './hover.ts';
import { askForToken } from './login.ts';
import { MapView } from './map-view.ts';
import { FleetModel, keyOf } from './model.ts';
import { Panel, type Opened } from './panel.ts';
import { Toolbar } from './toolbar.ts';
import { tellNews } from './news.ts';
import { Views } from './views.ts';
import { Walk } from './walk.ts';

const model = new FleetModel();
const view = new MapView(model);
const walk = new Walk(view);
const panel = new Panel(byId('panel'), () => close());
const toolbar = new Toolbar(byId('toolbar'), (change) => filter({ ...filters, ...change }));
const views = new Views(new ChartsView(byId('charts')), () => panel.opened !== undefined && close());
const main = byId('main');
let filters: Filters = readFilters(new URLSearchParams(location.search));

addHover(view.grid, model);

function filter(wanted: Filters): void {
  filters = wanted;
  keepInUrl();
  show();
}

/** @param keys the hosts that changed; undefined: all may look different */
function show(keys?: Iterable<string>): void {
  view.update(filters, keys);
  const figures = model.count(filters);
  toolbar.show(filters, figures);
  byId('total').textContent = tellNews(figures, byId('news'));
  for (const node of view.grid.querySelectorAll('.open')) node.classList.remove('open');
  if (panel.opened?.kind === 'hosts') view.node(panel.opened.key)?.classList.add('open');
  walk.settle();
}

function keepInUrl(): void {
  const query = new URLSearchParams(location.search);
  writeFilters(query, filters);
  query.delete('host');
  query.delete('in');
  if (panel.opened !== undefined) query.set(panel.opened.kind === 'hosts' ? 'host' : 'in', panel.opened.key);
  const text = query.toString().replaceAll('%2F', '/');
  history.replaceState(null, '', text === '' ? location.pathname : `?${text}`);
}

function open(opened: Opened): void {
  void panel.open(opened);
  keepInUrl();
  show([]);
}

function close(): void {
  const { opened } = panel;
  panel.close();
  keepInUrl();
  show([]);
  if (opened === undefined) return;
  const from =
    opened.kind === 'hosts'
      ? view.node(opened.key)
      : view.grid.querySelector<HTMLElement>(`[data-pool="${CSS.escape(opened.key)}"]`);
  if (from === undefined || from === null || from.hidden) return;
  if (opened.kind === 'hosts') walk.focus(from);
  else from.focus();
}

function openTarget(target: EventTarget | null): void {
  if (!(target instanceof HTMLElement)) return;
  const { key } = target.dataset;
  const pool = target.closest<HTMLElement>('[data-pool]')?.dataset['pool'];
  if (key !== undefined) open({ kind: 'hosts', key });
  else if (pool !== undefined) open({ kind: 'pools', key: pool });
}

view.grid.addEventListener('click', ({ target }) => openTarget(target));
view.grid.addEventListener('keydown', (event) => {
  if (event.key !== 'Enter' && event.key !== ' ') return;
  event.preventDefault();
  openTarget(event.target);
});
document.addEventListener('keydown', (event) => {
  const isTyping = event.target instanceof HTMLInputElement || event.target instanceof HTMLSelectElement;
  if (event.key === 'Escape' && panel.opened !== undefined && !isTyping) close();
  if (event.key !== '/' || isTyping) return;
  event.preventDefault();
  toolbar.search.focus();
});

function openFromUrl(): void {
  const query = new URLSearchParams(location.search);
  const host = query.get('host');
  const pool = query.get('in');
  if (panel.opened === undefined && host !== null) open({ kind: 'hosts', key: host });
  else if (panel.opened === undefined && pool !== null) open({ kind: 'pools', key: pool });
}

async function follow(): Promise<void> {
  for (;;) {
    let refused = '';
    await followFleet({
      onWhole(fleet) {
        model.clear();
        model.take(fleet);
        show();
        main.replaceChildren(view.grid, view.nothing);
        walk.settle();
        views.show();
        openFromUrl();
        document.documentElement.dataset['shown'] = String(model.cells.size);
      },
      onChange(change) {
        model.take(change);
        const keys = [...change.cells, ...change.goneCells].map(keyOf);
        show(keys);
        const { opened } = panel;
        const touched = opened?.kind === 'hosts' ? keys.includes(opened.key) : opened !== undefined;
        if (touched) void panel.refresh();
      },
      onRefused: (message) => void (refused = message),
      onLink(state, words) {
        byId('link').dataset['state'] = state;
        if (byId('link').textContent !== words) byId('link').textContent = words;
      },
    });
    views.leave();
    panel.close();
    await askForToken(main, refused);
  }
}

void follow();
