import { describe } from './map-view.ts';
import type { FleetModel } from './model.ts';
import { element } from './element.ts';

const GAP = 10;

/** A line about the host under the pointer. Whoever uses the keyboard or a screen reader is told by the host itself. */
export function addHover(grid: HTMLElement, model: FleetModel): void {
  const card = element('div', { class: 'hover', 'aria-hidden': 'true', hidden: '' });
  document.body.append(card);
  grid.addEventListener('pointerover', ({ target }) => {
    const key = target instanceof HTMLElement ? target.dataset['key'] : undefined;
    const cell = key === undefined ? undefined : model.cells.get(key);
    card.hidden = cell === undefined;
    if (cell === undefined || !(target instanceof HTMLElement)) return;
    card.replaceChildren(element('b', {}, cell.name), element('span', {}, describe(cell).slice(cell.name.length)));
    const box = target.getBoundingClientRect();
    card.style.left = `${Math.min(box.left, innerWidth - card.offsetWidth - GAP)}px`;
    const below = box.bottom + GAP;
    card.style.top = `${below + card.offsetHeight > innerHeight ? box.top - card.offsetHeight - GAP : below}px`;
  });
  grid.addEventListener('pointerleave', () => void (card.hidden = true));
}
