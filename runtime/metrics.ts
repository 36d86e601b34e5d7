import { collectDefaultMetrics, Counter, Gauge, Histogram, Registry } from 'prom-client';

export { type Registry } from 'prom-client';

/** The registry of one process, with Node's own metrics in it. */
export function createMetricsRegistry(component: string): Registry {
  const registry = new Registry();
  registry.setDefaultLabels({ component });
  collectDefaultMetrics({ register: registry });
  return registry;
}

/** Hooks for `createWorkqueue`'s `metrics`, one set per queue; call it once per registry. */
export function createWorkqueueMetrics(registry: Registry) {
  const labelNames = ['queue'];
  const registers = [registry];
  const depth = new Gauge({
    name: 'ironloom_workqueue_depth',
    help: 'Keys that wait for a worker.',
    labelNames,
    registers,
  });
  const retries = new Counter({
    name: 'ironloom_workqueue_retries_total',
    help: 'Keys brought back after an error.',
    labelNames,
    registers,
  });
  const duration = new Histogram({
    name: 'ironloom_workqueue_work_duration_seconds',
    help: 'Time that a handler took.',
    labelNames: ['queue', 'outcome'],
    buckets: [0.001, 0.005, 0.02, 0.1, 0.5, 2, 10, 30],
    registers,
  });
  return (queue: string) => ({
    setDepth: (keys: number) => depth.set({ queue }, keys),
    countRetry: () => retries.inc({ queue }),
    observeRun: (durationMs: number, outcome: 'success' | 'error') =>
      duration.observe({ queue, outcome }, durationMs / 1000),
  });
}

/** Counts calls to machines' runs by name, signals and completions above all; call it once per registry. */
export function createRunCallCounter(registry: Registry): (call: string) => void {
  const calls = new Counter({
    name: 'ironloom_run_calls_total',
    help: 'Calls to Temporal about machines: observe, tell and wake signal a run, completePlan answers one.',
    labelNames: ['call'],
    registers: [registry],
  });
  return (call) => calls.inc({ call });
}

/** Publishes how many machines no run has looked at for a minute, read when scraped; call it once per registry. */
export function publishUnattended(registry: Registry, count: () => number): void {
  new Gauge({
    name: 'ironloom_machines_unattended',
    help: 'Machines with news that no run has looked at for a minute; on the bridge that leads.',
    registers: [registry],
    collect() {
      this.set(count());
    },
  });
}
