import type { FleetCharts, PoolOccupancy } from '../../domain/report/journal-pages.ts';
import { element, shape, table } from './element.ts';

const WIDTH = 320;
const HEIGHT = 72;
/** Above the highest point and below the lowest. */
const MARGIN = 4;

/** Hosts in use over time: a drawing for each pool, all with one height for the same number, and a table with the figures. */
export function occupancyView(charts: FleetCharts): HTMLElement[] {
  const { pools, poolCount, sinceMs, stepMs } = charts;
  if (pools.length === 0) return [element('p', { class: 'quiet' }, 'No host was in use.')];
  const most = Math.max(...pools.flatMap(({ inUse }) => inUse));
  const moments = Array.from({ length: pools[0]?.inUse.length ?? 0 }, (_, at) => new Date(sinceMs + at * stepMs));
  const few = poolCount === pools.length ? [] : [`The ${pools.length} fullest of ${poolCount} pools.`];
  const figures = table(
    'Hosts in use at each moment, by pool',
    ['Time', ...pools.map(nameOf)],
    moments.map((moment, at) => [moment.toLocaleString(), ...pools.map(({ inUse }) => String(inUse[at] ?? 0))]),
  );
  const scroll = element(
    'div',
    { class: 'scroll', tabindex: '0', role: 'region', 'aria-label': 'Hosts in use, as a table' },
    figures,
  );
  return [
    ...few.map((words) => element('p', { class: 'quiet' }, words)),
    element('div', { class: 'pools' }, ...pools.map((pool) => poolView(pool, most, moments))),
    element('details', {}, element('summary', {}, 'Hosts in use, as a table'), scroll),
  ];
}

function poolView(pool: PoolOccupancy, most: number, moments: readonly Date[]): HTMLElement {
  const { inUse } = pool;
  const [low, high] = [Math.min(...inUse), Math.max(...inUse)];
  const words = `${inUse.at(-1) ?? 0} in use now, from ${low} to ${high} in this time`;
  const [first, last] = [moments[0], moments.at(-1)].map((moment) => moment?.toLocaleDateString() ?? '');
  return element(
    'figure',
    {},
    element('figcaption', {}, element('b', {}, pool.name), ` ${pool.namespace}`),
    drawing(inUse, most, `${nameOf(pool)}: ${words}`),
    element(
      'div',
      { class: 'ends', 'aria-hidden': 'true' },
      element('span', {}, first ?? ''),
      element('span', {}, last ?? ''),
    ),
    element('p', { class: 'quiet' }, words),
  );
}

/** Steps: what is in use stays so until the next moment. */
function drawing(inUse: readonly number[], most: number, label: string): SVGSVGElement {
  const x = (at: number): number => (at * WIDTH) / Math.max(1, inUse.length - 1);
  const y = (hosts: number): number => HEIGHT - MARGIN - (hosts / Math.max(1, most)) * (HEIGHT - 2 * MARGIN);
  const line = inUse.map((hosts, at) => (at === 0 ? `M0 ${y(hosts)}` : `H${x(at)}V${y(hosts)}`)).join('');
  return shape(
    'svg',
    { viewBox: `0 0 ${WIDTH} ${HEIGHT}`, role: 'img', 'aria-label': label, preserveAspectRatio: 'none' },
    shape('path', { class: 'ground', d: `M0 ${y(0)}H${WIDTH}` }),
    shape('path', { class: 'area', d: `${line}V${y(0)}H0Z` }),
    shape('path', { class: 'line', d: line }),
  );
}

function nameOf({ namespace, name }: PoolOccupancy): string {
  return `${namespace}/${name}`;
}
