import { byId } from './element.ts';
import type { ChartsView } from './charts-view.ts';

type View = 'map' | 'charts';

/** Shows the map or the charts, by `view` in the URL. */
export class Views {
  readonly #charts: ChartsView;
  readonly #onChange: () => void;

  constructor(charts: ChartsView, onChange: () => void) {
    this.#charts = charts;
    this.#onChange = onChange;
    for (const view of ['map', 'charts'] as const) {
      byId(`to-${view}`).addEventListener('click', (event) => {
        event.preventDefault();
        this.#go(view);
      });
    }
  }

  /** What the URL says, where somebody may look. */
  show(): void {
    const view: View = new URLSearchParams(location.search).get('view') === 'charts' ? 'charts' : 'map';
    for (const each of ['map', 'charts'] as const) {
      if (each === view) byId(`to-${each}`).setAttribute('aria-current', 'page');
      else byId(`to-${each}`).removeAttribute('aria-current');
    }
    byId('main').hidden = view === 'charts';
    byId('toolbar').hidden = view === 'charts';
    if (view === 'charts') void this.#charts.open();
    else this.#charts.close();
  }

  /** Nobody may look any more. */
  leave(): void {
    this.#charts.close();
    byId('main').hidden = false;
    byId('toolbar').hidden = true;
  }

  #go(view: View): void {
    const query = new URLSearchParams(location.search);
    if (view === 'charts') query.set('view', view);
    else query.delete('view');
    const text = query.toString().replaceAll('%2F', '/');
    history.replaceState(null, '', text === '' ? location.pathname : `?${text}`);
    this.#onChange();
    this.show();
  }
}
