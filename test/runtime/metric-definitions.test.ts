import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { renderMetricsPage } from '../../dev/metrics-page.ts';
import { type MetricDefinition, metricDefinitions } from '../../runtime/metric-definitions.ts';

const definitions = Object.values<MetricDefinition>(metricDefinitions);

// https://prometheus.io/docs/practices/naming
describe('metrics', () => {
  it.each(definitions.map((definition) => [definition.name, definition] as const))('%s is named well', (name, it) => {
    expect(name).toMatch(/^ironloom(_[a-z]+)+$/);
    expect(name.endsWith('_total')).toBe(it.kind === 'counter');
    if (it.kind === 'histogram') expect(name).toMatch(/_duration_seconds$/);
    expect(it.buckets !== undefined).toBe(it.kind === 'histogram');
    // Times are in seconds and say so; nothing says another unit.
    expect(name).not.toMatch(/_(ms|millis|milliseconds|minutes|hours|count|sum|bucket|info)(_|$)/);
    expect(it.labels.length).toBeLessThanOrEqual(4);
    for (const label of it.labels) expect(label).toMatch(/^[a-z]+$/);
    expect(it.help).toMatch(/^[A-Z0-9].*\.$/);
  });

  it('have each a name of their own, and no label that names one machine', () => {
    expect(new Set(definitions.map(({ name }) => name)).size).toBe(definitions.length);
    for (const { labels } of definitions) {
      expect(labels.filter((label) => ['machine', 'uid', 'name', 'workflow', 'node'].includes(label))).toEqual([]);
    }
  });

  it('stand in the documentation as they are', () => {
    const page = readFileSync(new URL('../../docs/monitoring.md', import.meta.url), 'utf8');
    expect(renderMetricsPage(page)).toBe(page);
    for (const { name } of definitions) expect(page).toContain(`| \`${name}\``);
  });
});
