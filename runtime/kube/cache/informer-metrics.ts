import { type MetricDefinition, metricDefinitions } from '../../metric-definitions.ts';
import { publish, type Registry } from '../../metrics.ts';
import { type InformerStats } from './informer.ts';

const shown: Record<keyof InformerStats, MetricDefinition<'informer'>> = {
  items: metricDefinitions.informerItems,
  invalid: metricDefinitions.informerInvalid,
  lists: metricDefinitions.informerLists,
  watches: metricDefinitions.informerWatches,
  failures: metricDefinitions.informerFailures,
  handlerErrors: metricDefinitions.informerHandlerErrors,
};

/** Publishes what informers count, read when scraped; call it once per registry. */
export function publishInformerStats(registry: Registry, informers: Record<string, { stats(): InformerStats }>): void {
  const publishOne = (what: keyof InformerStats, definition: MetricDefinition<'informer'>): void =>
    publish(registry, definition, () =>
      Object.entries(informers).map(([informer, source]) => ({ labels: { informer }, value: source.stats()[what] })),
    );
  publishOne('items', shown.items);
  publishOne('invalid', shown.invalid);
  publishOne('lists', shown.lists);
  publishOne('watches', shown.watches);
  publishOne('failures', shown.failures);
  publishOne('handlerErrors', shown.handlerErrors);
}
