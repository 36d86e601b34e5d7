import type { FromJournal, ToldEntry, ToldLife } from '../../domain/report/journal-pages.ts';
import { getJson, Refusal } from './api.ts';
import { element, table } from './element.ts';

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

  /** Asks again. What is shown already stays as it is, with what somebody opened. */
  async refresh(signal: AbortSignal): Promise<void> {
    try {
      const answer = await getJson<FromJournal<ToldLife[]>>(this.#path, signal);
      if (signal.aborted) return;
      const text = JSON.stringify(answer);
      if (text === this.#shown) return;
      this.#shown = text;
      if (answer.kind === 'unseen') this.#show(answer.why);
      else if (answer.value.length === 0) this.#show('The journal knows of none.');
      else this.#show(...answer.value.map(lifeView));
    } catch (error) {
      if (signal.aborted) return;
      this.#shown = '';
      this.#show(error instanceof Refusal ? error.message : 'The console does not answer');
    }
  }

  #show(...content: readonly (HTMLElement | string)[]): void {
    const parts = content.map((part) => (typeof part === 'string' ? element('p', { class: 'quiet' }, part) : part));
    this.node.replaceChildren(element('h3', {}, 'Lives'), ...parts);
  }
}

function lifeView({ words, failed, entries }: ToldLife): HTMLElement {
  const heads = ['At', 'To', 'After', 'Reason', 'Step', 'Cause'];
  const summary = element('summary', failed ? { class: 'failed' } : {}, words);
  const scroll = element(
    'div',
    { class: 'scroll', tabindex: '0', role: 'region', 'aria-label': words },
    table(words, heads, entries.map(entryCells)),
  );
  return element('details', {}, summary, scroll);
}

function entryCells({ at, to, from, after, reason, step, cause }: ToldEntry): (Node | string)[] {
  const time = element('time', { datetime: at }, new Date(at).toLocaleString());
  return [time, to, from === '' || after === '' ? after : `${after} ${from}`, reason, step, cause];
}
