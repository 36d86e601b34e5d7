import { tellDuration } from '../../domain/report/duration-words.ts';
import type { FleetCharts, FromJournal, HostFailures, StepTimes } from '../../domain/report/journal-pages.ts';
import { getJson, Refusal } from './api.ts';
import { element, table } from './element.ts';
import { occupancyView } from './occupancy-view.ts';

const RANGES = ['7', '30', '90'] as const;
/** As long as the console remembers an answer. */
const AGAIN_MS = 60_000;

/** What the journal tells of the fleet over some days. The map goes on beside it, and waits for none of it. */
export class ChartsView {
  readonly #node: HTMLElement;
  readonly #content = element('div', {});
  readonly #range = element('select', { 'aria-label': 'Time' });
  #asking: AbortController | undefined;
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(node: HTMLElement) {
    this.#node = node;
    this.#range.append(...RANGES.map((days) => element('option', { value: days }, `The last ${days} days`)));
    this.#range.value = '30';
    this.#range.addEventListener('change', () => void this.open());
    node.append(this.#range, this.#content);
  }

  /** Shows it, and asks for what it shows, now and again. */
  async open(): Promise<void> {
    this.#node.hidden = false;
    this.#stop();
    const asking = new AbortController();
    this.#asking = asking;
    const content = await look(this.#range.value, asking.signal);
    if (asking.signal.aborted) return;
    const isOpen = this.#content.querySelector('details')?.open === true;
    this.#content.replaceChildren(...content);
    const details = this.#content.querySelector('details');
    if (details !== null) details.open = isOpen;
    this.#timer = setTimeout(() => void this.open(), AGAIN_MS);
  }

  close(): void {
    this.#stop();
    this.#node.hidden = true;
    this.#content.replaceChildren();
  }

  #stop(): void {
    this.#asking?.abort();
    clearTimeout(this.#timer);
  }
}

async function look(days: string, signal: AbortSignal): Promise<HTMLElement[]> {
  try {
    const answer = await getJson<FromJournal<FleetCharts>>(`/api/charts?days=${days}`, signal);
    return answer.kind === 'seen' ? chartsView(answer.value) : [element('p', { class: 'quiet' }, answer.why)];
  } catch (error) {
    const words = error instanceof Refusal ? error.message : 'The console does not answer';
    return [element('p', { class: 'quiet' }, words)];
  }
}

function chartsView(charts: FleetCharts): HTMLElement[] {
  return [
    element('h2', {}, 'Hosts in use'),
    ...occupancyView(charts),
    element('h2', {}, 'Time of a step that goes well'),
    stepsView(charts.steps.filter(({ step }) => step !== 'running')),
    element('h2', {}, 'Failures'),
    failuresView(charts.failures),
  ];
}

function stepsView(steps: readonly StepTimes[]): HTMLElement {
  if (steps.length === 0) return element('p', { class: 'quiet' }, 'There was none.');
  const longest = Math.max(1, ...steps.map(({ p90Ms }) => p90Ms));
  const rows = steps.map(({ step, count, failures, p50Ms, p90Ms }) => [
    step,
    bars([p50Ms / longest, p90Ms / longest]),
    tellDuration(p50Ms),
    tellDuration(p90Ms),
    String(count),
    String(failures),
  ]);
  return table('Time of each step', ['Step', '', 'Half within', '9 of 10 within', 'Count', 'Failed'], rows);
}

function failuresView(failures: readonly HostFailures[]): HTMLElement {
  if (failures.length === 0) return element('p', { class: 'quiet' }, 'Nothing failed.');
  const most = Math.max(...failures.map(({ failures: count }) => count));
  const rows = failures.map(({ namespace, name, step, failures: count }) => {
    const query = new URLSearchParams({ host: `${namespace}/${name}` });
    const link = element('a', { href: `?${query.toString().replaceAll('%2F', '/')}` }, `${namespace}/${name}`);
    return [link, step, bars([count / most]), String(count)];
  });
  return table('Hosts that fail most', ['Host', 'Step', '', 'Failures'], rows);
}

/** Beside the figures: the second one is the outline of a longer bar. */
function bars(shares: readonly number[]): HTMLElement {
  const node = element('span', { class: 'bars', 'aria-hidden': 'true' });
  for (const share of shares) {
    const bar = element('i', {});
    bar.style.width = `${share * 100}%`;
    node.append(bar);
  }
  return node;
}
