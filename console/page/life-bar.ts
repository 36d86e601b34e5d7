import { describeAge } from '../../domain/report/time-in-phase.ts';
import type { LifeSpan } from '../../domain/report/explain/present-life.ts';
import { element } from './element.ts';

/** The least part of the bar that a phase has: the shortest is what one looks for. */
const LEAST_SHARE = 0.07;

/** The present life: a bar of phases, and the same in words. */
export function lifeBar(life: readonly LifeSpan[], now: Date): HTMLElement {
  const spans = life.map((span) => {
    const end = span.to === undefined ? now : new Date(span.to);
    return { ...span, ms: Math.max(0, end.getTime() - Date.parse(span.from)), age: describeAge(span.from, end) };
  });
  const total = spans.reduce((sum, { ms }) => sum + ms, 0);
  const bar = element('div', { class: 'life', 'aria-hidden': 'true' });
  for (const { phase, ms } of spans) {
    const part = element('i', { class: phase });
    part.style.flexGrow = String(Math.max(LEAST_SHARE, total === 0 ? 1 : ms / total));
    bar.append(part);
  }
  const list = element('ol', { class: 'spans' });
  for (const { phase, from, to, age } of spans) {
    const time = element('time', { datetime: from }, new Date(from).toLocaleString());
    const lasts = to === undefined ? `for ${age}` : age;
    list.append(
      element(
        'li',
        {},
        element('i', { class: phase, 'aria-hidden': 'true' }),
        element('b', {}, phase),
        ` ${lasts} `,
        time,
      ),
    );
  }
  return element('div', {}, bar, list);
}
