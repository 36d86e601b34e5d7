import { isSameIp } from './ip.ts';
import { NetworkProblem } from './problem.ts';
import { placeOf, type Route } from './route.ts';

/** Metric of the first of several default routes that have none. */
const firstMetric = 100;

/**
 * Gives several default routes of one family the metrics that they lack, in declared order. As for the kernel, a route
 * without a metric comes before those that have one.
 */
export function rankDefaults(routes: readonly Route[]): void {
  for (const family of [4, 6]) {
    const defaults = routes.filter(({ to }) => to.bits === 0 && to.family === family);
    const lacking = defaults.filter(({ metric }) => !metric).toSorted((one, other) => one.index - other.index);
    if (defaults.length < 2 || lacking.length === 0) continue;
    const taken = defaults.flatMap(({ metric }) => metric || []);
    const room = Math.min(...taken, Number.POSITIVE_INFINITY) - lacking.length;
    const first = room >= firstMetric ? firstMetric : room > 0 ? room : Math.max(...taken) + 1;
    lacking.forEach((route, rank) => {
      route.metric = first + rank;
    });
  }
}

/** @throws NetworkProblem for two ways to one destination of which no metric chooses */
export function refuseRivals(routes: readonly Route[]): void {
  routes.forEach((route, at) => {
    const { to, metric } = route;
    // Several IPv6 routes with one metric are one route with several ways, but not as a default route.
    if (to.family === 6 && to.bits > 0) return;
    const rival = routes
      .slice(0, at)
      .find((other) => isSameIp(other.to, to) && other.to.bits === to.bits && (other.metric ?? 0) === (metric ?? 0));
    if (rival === undefined) return;
    const [first = route, second = route] = [rival, route].toSorted((one, other) => one.index - other.index);
    throw new NetworkProblem(
      `${placeOf(second)}.metric: the same as that of ${placeOf(first)}, for the same destination`,
    );
  });
}
