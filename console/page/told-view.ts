import type { Told, ToldWay } from '../../domain/report/explain/told.ts';
import { element } from './element.ts';

const COPIED_MS = 1_500;

/** An explanation, in the words of `ironloom explain`, and what a person can do. */
export function toldView({ expected, observed, next, ways }: Told): HTMLElement[] {
  const lines = [
    ['Expected', expected],
    ['Observed', observed],
    ['Next', next],
  ] as const;
  const words = element('dl', { class: 'told' });
  for (const [head, text] of lines) words.append(element('dt', {}, head), element('dd', {}, text));
  if (ways.length === 0) return [words];
  const list = element('ul', { class: 'ways', 'aria-label': 'Ways out' });
  list.append(...ways.map(wayView));
  return [words, list];
}

function wayView({ text, leads, typable }: ToldWay): HTMLElement {
  const what = element(typable ? 'code' : 'span', { class: 'what' }, text);
  const parts = typable ? [what, copyButton(text)] : [what];
  return element('li', {}, element('div', { class: 'way' }, ...parts), element('span', { class: 'leads' }, leads));
}

function copyButton(text: string): HTMLElement {
  const button = element('button', { type: 'button', 'aria-label': `Copy ${text}` }, 'Copy');
  button.addEventListener('click', () => {
    navigator.clipboard.writeText(text).then(
      () => say(button, 'Copied'),
      () => say(button, 'Not allowed'),
    );
  });
  return button;
}

function say(button: HTMLElement, word: string): void {
  button.textContent = word;
  setTimeout(() => void (button.textContent = 'Copy'), COPIED_MS);
}
