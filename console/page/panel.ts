import { describeAge } from '../../domain/report/time-in-phase.ts';
import type { HostPage, MachinePart, PoolPage } from '../../domain/report/fleet/fleet-pages.ts';
import { getJson, Refusal } from './api.ts';
import { element } from './element.ts';
import { lifeBar } from './life-bar.ts';
import { LivesView } from './lives-view.ts';
import { toldView } from './told-view.ts';

/** What somebody opened. */
export interface Opened {
  kind: 'hosts' | 'pools';
  /** `namespace/name`. */
  key: string;
}

/** The side of the page that tells about one host or pool. */
export class Panel {
  readonly #node: HTMLElement;
  readonly #onClose: () => void;
  #opened: Opened | undefined;
  #asking: AbortController | undefined;
  #lives: { key: string; view: LivesView } | undefined;

  constructor(node: HTMLElement, onClose: () => void) {
    this.#node = node;
    this.#onClose = onClose;
    node.addEventListener('keydown', ({ key }) => {
      if (key === 'Escape') onClose();
    });
  }

  get opened(): Opened | undefined {
    return this.#opened;
  }

  /** Shows it, and puts the focus there. */
  async open(opened: Opened): Promise<void> {
    this.#opened = opened;
    this.#node.hidden = false;
    if (this.#node.dataset['key'] !== opened.key) this.#fill(opened, element('p', { class: 'quiet' }, 'Asking …'));
    this.#node.querySelector('h2')?.focus();
    await this.refresh();
  }

  close(): void {
    this.#asking?.abort();
    this.#opened = undefined;
    this.#lives = undefined;
    this.#node.hidden = true;
    this.#node.replaceChildren();
    delete this.#node.dataset['key'];
  }

  /** Asks again: something about it may have changed. */
  async refresh(): Promise<void> {
    const opened = this.#opened;
    if (opened === undefined) return;
    this.#asking?.abort();
    const asking = new AbortController();
    this.#asking = asking;
    const [namespace = '', name = ''] = opened.key.split('/').map(encodeURIComponent);
    const path = `/api/${opened.kind}/${namespace}/${name}`;
    const lives = opened.kind === 'hosts' ? this.#livesOf(opened.key, path) : undefined;
    void lives?.refresh(asking.signal);
    try {
      const page = await getJson<HostPage | PoolPage>(path, asking.signal);
      if (!asking.signal.aborted)
        this.#fill(
          opened,
          ...('pool' in page ? hostView(page) : poolView(page)),
          ...(lives === undefined ? [] : [lives.node]),
        );
    } catch (error) {
      if (asking.signal.aborted) return;
      const words = error instanceof Refusal ? error.message : 'The console does not answer';
      this.#fill(opened, element('p', { class: 'quiet' }, words));
    }
  }

  /** Those of a host that is still open stay as they are. */
  #livesOf(key: string, path: string): LivesView {
    if (this.#lives?.key !== key) this.#lives = { key, view: new LivesView(path) };
    return this.#lives.view;
  }

  /** Where the focus was, it stays, as far as it can. */
  #fill({ kind, key }: Opened, ...content: readonly (Node | string)[]): void {
    const [namespace = '', name = ''] = key.split('/');
    const title = element('h2', { tabindex: '-1' }, name);
    const close = element('button', { type: 'button', class: 'close', 'aria-label': 'Close details' }, '×');
    close.addEventListener('click', this.#onClose);
    const about = element('p', { class: 'about' }, `${kind === 'hosts' ? 'Host' : 'Pool'} in namespace ${namespace}`);
    const hadFocus = this.#node.contains(document.activeElement);
    const hadClose = document.activeElement?.classList.contains('close') === true;
    this.#node.replaceChildren(close, title, about, ...content);
    this.#node.dataset['key'] = key;
    if (hadFocus) (hadClose ? close : title).focus({ preventScroll: true });
  }
}

function hostView(page: HostPage): HTMLElement[] {
  const facts = [
    ['Pool', page.pool],
    ['Failure domain', page.failureDomain],
    ['Owner', page.owner],
    ['Plan', page.plan],
    ['Failed', page.failedReprovision],
  ].filter(([, text]) => text !== '');
  const list = element('dl', { class: 'facts' });
  for (const [head = '', text = ''] of facts) list.append(element('dt', {}, head), element('dd', {}, text));
  const unseen = page.secretSeen
    ? []
    : [element('p', { class: 'quiet' }, 'You may not read its plan Secret: what the host answered is not told.')];
  const { machine } = page;
  return [
    badge(page.told.state, page.told.stuck),
    ...toldView(page.told),
    list,
    ...unseen,
    ...(machine === undefined ? [] : machineView(machine)),
  ];
}

function machineView(machine: MachinePart): HTMLElement[] {
  const now = new Date();
  const head = element('h3', {}, `Machine ${machine.name}`);
  const state = `${machine.told.state} for ${describeAge(machine.since, now)} · ${machine.reason}`;
  const link = element(
    'a',
    { href: machine.runUrl, rel: 'noreferrer', target: '_blank' },
    'Its run in the Temporal UI',
  );
  const conditions = element('ul', { class: 'conditions' });
  for (const { type, status, reason, message, since } of machine.conditions) {
    const words = element('span', {}, `${reason} for ${describeAge(since, now)}`);
    const line = element('li', { class: status }, element('b', {}, type), ` ${status} `, words);
    if (message !== '') line.append(element('p', {}, message));
    conditions.append(line);
  }
  const all = element('details', {}, element('summary', {}, 'Conditions'), conditions);
  return [
    head,
    badge(state, machine.told.stuck),
    ...(machine.life.length === 0 ? [] : [lifeBar(machine.life, now)]),
    ...toldView(machine.told),
    ...(machine.runUrl === '' ? [] : [element('p', {}, link)]),
    all,
  ];
}

function poolView({ told }: PoolPage): HTMLElement[] {
  return [badge(told.state, told.stuck), ...toldView(told)];
}

function badge(text: string, stuck: boolean): HTMLElement {
  return element('p', { class: stuck ? 'badge stuck' : 'badge' }, stuck ? `${text} · needs a person` : text);
}
