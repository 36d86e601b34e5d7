/**
 * Writes the table of metrics in docs/monitoring.md, from the definitions that the processes use.
 *
 *   node dev/metrics-page.ts           write
 *   node dev/metrics-page.ts --check   exit 1 if it is stale
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Exporter, type MetricDefinition, metricDefinitions } from '../runtime/metric-definitions.ts';

const TABLE = /(?<=<!-- metrics: npm run generate -->\n\n).*?(?=\n\n<!-- metrics: end -->)/s;

const exporters: Record<Exporter, string> = {
  both: 'bridge, worker',
  bridge: 'bridge',
  leader: 'leading bridge',
  worker: 'worker',
};

/** The page with the table as it has to be. @throws Error where the page has no place for it */
export function renderMetricsPage(page: string): string {
  if (!TABLE.test(page)) throw new Error('docs/monitoring.md has no place for the metrics');
  return page.replace(TABLE, () => renderTable(Object.values<MetricDefinition>(metricDefinitions)));
}

function renderTable(definitions: readonly MetricDefinition[]): string {
  const head = ['Metric', 'Kind', 'Labels', 'From', 'Meaning'];
  const rows = definitions.map(({ name, kind, labels, from, help }) => [
    `\`${name}\``,
    kind,
    labels.map((label) => `\`${label}\``).join(', '),
    exporters[from],
    help,
  ]);
  const widths = head.map((_, column) => Math.max(...[head, ...rows].map((row) => row[column]?.length ?? 0)));
  const line = (cells: readonly string[]): string =>
    `| ${cells.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join(' | ')} |`;
  return [line(head), line(widths.map((width) => '-'.repeat(width))), ...rows.map(line)].join('\n');
}

function main(): void {
  const path = join(import.meta.dirname, '../docs/monitoring.md');
  const page = readFileSync(path, 'utf8');
  const wanted = renderMetricsPage(page);
  if (page === wanted) return;
  if (process.argv.includes('--check')) {
    process.stderr.write('docs/monitoring.md is stale, run "npm run generate"\n');
    process.exitCode = 1;
    return;
  }
  writeFileSync(path, wanted);
}

if (import.meta.main) main();
