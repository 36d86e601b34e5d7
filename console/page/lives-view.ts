import type { FromJournal, ToldEntry, ToldLife } from '../../domain/report/journal-pages.ts';
import { getJson, Refusal } from './api.ts';
import { element, table } from './element.ts';

/** An entry may come to the journal a moment after what it tells of. */
const AGAIN_MS = 15_000;

/** The lives of a host, from the journal, in a section that asks for them itself: nothing waits for it. */
export class LivesView {
  readonly node = element('section', { class: 'lives', 'aria-label': 'Lives' });
  readonly #path: string;
  #shown = '';

  /** @param path of the host */
  constructor(path: string) {
    this.#path = `${path}/lives`;
    this.#show('Asking the journal …');
  }

  /** Asks now, and again and again until it is aborted. What somebody opened stays open. */
  async refresh(signal: AbortSignal): Promise<void> {
    await this.#ask(signal);
    if (signal.aborted) return;
    setTimeout(() => {
      if (!signal.aborted) void this.refresh(signal);
    }, AGAIN_MS);
  }

  async #ask(signal: AbortSignal): Promise<void> {
    try {
      const answer = await getJson<FromJournal<ToldLife[]>>(this.#path, signal);
      if (signal.aborted) return;
      const text = JSON.stringify(answer);
      if (text === this.#shown) return;
      this.#shown = text;
      if (answer.kind === 'unseen') this.#show(answer.why);
      else if (answer.value.length === 0) this.#show('The journal knows of none.');
      else this.#showLives(answer.value);
    } catch (error) {
      if (signal.aborted) return;
      this.#shown = '';
      this.#show(error instanceof Refusal ? error.message : 'The console does not answer');
    }
  }

  #showLives(lives: readonly ToldLife[]): void {
    const open = new Set(Array.from(this.node.querySelectorAll<HTMLElement>('details[open]'), ({ id }) => id));
    const views = lives.map(lifeView);
    for (const view of views) view.open = open.has(view.id);
    this.#show(...views);
  }

  #show(...content: readonly (HTMLElement | string)[]): void {
    const parts = content.map((part) => (typeof part === 'string' ? element('p', { class: 'quiet' }, part) : part));
    this.node.replaceChildren(element('h3', {}, 'Lives'), ...parts);
  }
}

function lifeView({ words, failed, entries }: ToldLife): HTMLDetailsElement {
  const heads = ['At', 'To', 'After', 'Reason', 'Step', 'Cause'];
  const summary = element('summary', failed ? { class: 'failed' } : {}, words);
  const scroll = element(
    'div',
    { class: 'scroll', tabindex: '0', role: 'region', 'aria-label': words },
    table(words, heads, entries.map(entryCells)),
  );
  // A life is known by its first entry: it lasts on.
  return element('details', { id: `life-${entries[0]?.at ?? ''}` }, summary, scroll);
}

function entryCells({ at, to, from, after, reason, step, cause }: ToldEntry): (Node | string)[] {
  const time = element('time', { datetime: at }, new Date(at).toLocaleString());
  return [time, to, from === '' || after === '' ? after : `${after} ${from}`, reason, step, cause];
}
