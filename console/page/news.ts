import type { Figures } from './model.ts';

/** A screen reader is told this seldom, however much happens. */
const QUIET_MS = 5_000;

let saidAt = -QUIET_MS;
let timer: ReturnType<typeof setTimeout> | undefined;
let latest = '';

/** How many hosts there are, in words; `place`, a live region, says it when it has changed, and not too often. */
export function tellNews(figures: Figures, place: HTMLElement): string {
  const { total, matched, byState } = figures;
  const hosts = total === 1 ? '1 host' : `${count(total)} hosts`;
  const of = matched === total ? hosts : `${count(matched)} of ${hosts}`;
  latest = `${of}, ${count(byState.get('Free') ?? 0)} free, ${count(byState.get('Failed') ?? 0)} failed`;
  if (timer === undefined) {
    const say = (): void => {
      timer = undefined;
      saidAt = performance.now();
      if (place.textContent !== latest) place.textContent = latest;
    };
    timer = setTimeout(say, Math.max(0, saidAt + QUIET_MS - performance.now()));
  }
  return of;
}

/** `12,345`, without the formatter of the browser, which is slow to be made. */
function count(hosts: number): string {
  return String(hosts).replaceAll(/\B(?=(\d{3})+$)/g, ',');
}
