import { collectDefaultMetrics, Counter, Gauge, Histogram, Registry } from 'prom-client';
import { type MetricDefinition, metricDefinitions } from './metric-definitions.ts';

export { type Registry } from 'prom-client';

type Labels<Label extends string> = Record<Label, string>;
/** One value of a metric that is read when scraped. */
export interface Sample<Label extends string = string> {
  labels: Labels<Label>;
  value: number;
}

/**
 * How often the delay of the event loop is measured, and so the least that `nodejs_eventloop_lag_*` can say. Ten milliseconds,
 * the default, are a hundred wake-ups a second: 0.6 % of a core (measured), more than all else of a bridge at rest.
 */
const EVENT_LOOP_MS = 100;

/** The registry of one process, with Node's own metrics in it. */
export function createMetricsRegistry(component: string): Registry {
  const registry = new Registry();
  registry.setDefaultLabels({ component });
  collectDefaultMetrics({ register: registry, eventLoopMonitoringPrecision: EVENT_LOOP_MS });
  return registry;
}

/** A counter that is told each time. */
export function createCounter<Label extends string>(
  registry: Registry,
  definition: MetricDefinition<Label>,
): (labels: Labels<Label>) => void {
  const counter = new Counter(configOf(registry, definition));
  return (labels) => counter.inc(labels);
}

/** A gauge that is told each time. */
export function createGauge<Label extends string>(
  registry: Registry,
  definition: MetricDefinition<Label>,
): (labels: Labels<Label>, value: number) => void {
  const gauge = new Gauge(configOf(registry, definition));
  return (labels, value) => gauge.set(labels, value);
}

/** A histogram of times. */
export function createHistogram<Label extends string>(
  registry: Registry,
  definition: MetricDefinition<Label>,
): (labels: Labels<Label>, seconds: number) => void {
  const { buckets = [] } = definition;
  const histogram = new Histogram({ ...configOf(registry, definition), buckets: [...buckets] });
  return (labels, seconds) => histogram.observe(labels, seconds);
}

/** A gauge, or a counter that somebody else keeps, whose values are read when scraped. What is not read is not shown. */
export function publish<Label extends string>(
  registry: Registry,
  definition: MetricDefinition<Label>,
  read: () => Iterable<Sample<Label>>,
): void {
  const config = configOf(registry, definition);
  if (definition.kind === 'counter') {
    const counter: Counter<Label> = new Counter({
      ...config,
      collect() {
        counter.reset();
        for (const { labels, value } of read()) counter.inc(labels, value);
      },
    });
    return;
  }
  const gauge: Gauge<Label> = new Gauge({
    ...config,
    collect() {
      gauge.reset();
      // Without labels it is 0 then, which nobody has read.
      if (config.labelNames.length === 0) gauge.remove();
      for (const { labels, value } of read()) gauge.set(labels, value);
    },
  });
}

function configOf<Label extends string>(registry: Registry, { name, help, labels }: MetricDefinition<Label>) {
  return { name, help, labelNames: [...labels], registers: [registry] };
}

/** Hooks for `createWorkqueue`'s `metrics`, one set per queue; call it once per registry. */
export function createWorkqueueMetrics(registry: Registry) {
  const setDepth = createGauge(registry, metricDefinitions.queueDepth);
  const countRetry = createCounter(registry, metricDefinitions.queueRetries);
  const observeWork = createHistogram(registry, metricDefinitions.queueWork);
  return (queue: string) => ({
    setDepth: (keys: number) => setDepth({ queue }, keys),
    countRetry: () => countRetry({ queue }),
    observeRun: (durationMs: number, outcome: 'success' | 'error') =>
      observeWork({ queue, outcome }, durationMs / 1000),
  });
}
