import { Gauge, type Registry } from 'prom-client';
import { type InformerStats } from './informer.ts';

/** Publishes the counters of informers, read when scraped; call it once per registry. */
export function publishInformerStats(registry: Registry, informers: Record<string, { stats(): InformerStats }>): void {
  const gauge = new Gauge({
    name: 'ironloom_informer',
    help: 'State of the caches: items and invalid objects now; lists, watches, failures and handler errors so far.',
    labelNames: ['informer', 'what'],
    registers: [registry],
    collect() {
      for (const [informer, source] of Object.entries(informers)) {
        for (const [what, value] of Object.entries<number>({ ...source.stats() })) gauge.set({ informer, what }, value);
      }
    },
  });
}
