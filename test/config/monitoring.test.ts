import { execFile } from 'node:child_process';
import { globSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { stringify } from 'yaml';
import { readPage } from '../../dev/house/read-page.ts';
import { type MetricDefinition, metricDefinitions } from '../../runtime/metric-definitions.ts';
import { alertTests } from '../support/alert-tests.ts';
import { dashboardFiles, metricsIn, readAlerts, readExpressions } from '../support/monitoring.ts';

// config/monitoring. Prometheus' own judge, promtool, comes with Debian's package `prometheus`.
const CONFIG = join(import.meta.dirname, '../../config/monitoring');
const definitions = Object.values<MetricDefinition>(metricDefinitions);
const alerts = readAlerts();

/** The names under which Prometheus stores a metric. */
function seriesOf({ name, kind }: MetricDefinition): string[] {
  return kind === 'histogram' ? ['bucket', 'sum', 'count'].map((suffix) => `${name}_${suffix}`) : [name];
}

const labelsOf = new Map(definitions.flatMap((it) => seriesOf(it).map((name) => [name, it] as const)));
/** Those of other programs, which the test of a running site knows. */
const ofOthers = /^(temporal|nodejs|process)_/;

describe('alerts and dashboards', () => {
  it.each(readExpressions().map(({ where, expr }) => [where, expr]))('%s names metrics that there are', (_, expr) => {
    const names = metricsIn(expr);
    expect(names.length, expr).toBeGreaterThan(0);
    for (const name of names) if (!ofOthers.test(name)) expect([...labelsOf.keys()]).toContain(name);
  });

  it.each(readExpressions().map(({ where, expr }) => [where, expr]))('%s asks for labels that they have', (_, expr) => {
    const added = ['component', 'le', 'pod', 'instance', 'job'];
    for (const [, name = '', selector = ''] of expr.matchAll(/\b(ironloom_[a-z_]+)\{([^}]*)\}/g)) {
      const known = [...(labelsOf.get(name)?.labels ?? []), ...added];
      for (const [, label] of selector.matchAll(/([a-z_]+)\s*(?:=~|!~|!=|=)/g)) expect(known, name).toContain(label);
    }
  });

  it('are shown by every metric of ours', () => {
    const shown = new Set(readExpressions().flatMap(({ expr }) => metricsIn(expr)));
    const unused = definitions.filter((it) => !seriesOf(it).some((name) => shown.has(name))).map(({ name }) => name);
    expect(unused).toEqual(['ironloom_informer_items', 'ironloom_informer_watches_total']);
  });

  it('dashboards are JSON that Grafana takes, each with a name of its own', () => {
    const boards = dashboardFiles().map(({ board }) => board);
    expect(boards.map(({ title }) => title)).toEqual([
      'Ironloom: fleet',
      'Ironloom: one pool',
      'Ironloom: bridge, worker and Temporal',
    ]);
    for (const { panels } of boards) {
      expect(new Set(panels.map(({ id }) => id)).size).toBe(panels.length);
      for (const { gridPos } of panels) expect(gridPos.x + gridPos.w).toBeLessThanOrEqual(24);
    }
    expect(globSync('dashboards/*.json', { cwd: CONFIG })).toHaveLength(boards.length);
  });

  it('each alert leads to a section of the runbooks that has three steps, and each section has an alert', () => {
    const page = readFileSync(join(CONFIG, '../../docs/runbooks.md'), 'utf8');
    const { anchors } = readPage(page);
    for (const { alert, annotations, labels } of alerts) {
      const [url, anchor = ''] = annotations.runbook_url.split('#');
      expect(url).toBe('https://ironloom.example.com/docs/runbooks.md');
      expect([...anchors], alert).toContain(anchor);
      const section = page.split(`## ${alert}\n`)[1]?.split('\n## ')[0] ?? '';
      expect(section.match(/^\d\. (See|Read|Do): /gm), alert).toEqual(['1. See: ', '2. Read: ', '3. Do: ']);
      expect(['info', 'warning', 'critical']).toContain(labels.severity);
    }
    expect(page.match(/^## .*/gm)).toEqual(alerts.map(({ alert }) => `## ${alert}`));
  });

  it('each alert has a test of when it rings', () => {
    expect(Object.keys(alertTests).toSorted()).toEqual(alerts.map(({ alert }) => alert).toSorted());
  });
});

describe('promtool', async () => {
  const run = promisify(execFile);
  const isThere = await run('promtool', ['--version']).then(
    () => true,
    () => false,
  );
  const why = isThere ? '' : ' (skipped: promtool is not there; apt-get install prometheus)';
  let folder: string;

  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'ironloom-rules-'));
    writeFileSync(join(folder, 'rules.yaml'), stringify({ groups: [{ name: 'ironloom', rules: alerts }] }));
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  it.skipIf(!isThere)(`takes the rules${why}`, async () => {
    const { stdout } = await run('promtool', [
      'check',
      'rules',
      '--lint=all',
      '--lint-fatal',
      join(folder, 'rules.yaml'),
    ]);
    expect(stdout).toContain(`SUCCESS: ${alerts.length} rules found`);
  });

  it.skipIf(!isThere)(
    `rings each alert when it should, and only then${why}`,
    async () => {
      const rings = (alert: string, labels: Readonly<Record<string, string>>): string =>
        `count by (${Object.keys(labels).join(', ')}) (ALERTS{alertname="${alert}", alertstate="firing"})`;
      const tests = Object.entries(alertTests).flatMap(([alert, { after, labels, ...inputs }]) => {
        const exp_samples = { rings: [{ labels: renderLabels(labels), value: 1 }], silent: [] };
        return (['rings', 'silent'] as const).map((which) => ({
          interval: '1m',
          name: `${alert} ${which}`,
          input_series: Object.entries(inputs[which]).map(([series, values]) => ({ series, values })),
          promql_expr_test: [{ expr: rings(alert, labels), eval_time: after, exp_samples: exp_samples[which] }],
        }));
      });
      const file = { rule_files: ['rules.yaml'], evaluation_interval: '1m', tests };
      writeFileSync(join(folder, 'tests.yaml'), stringify(file));
      const { stdout } = await run('promtool', ['test', 'rules', join(folder, 'tests.yaml')], { cwd: folder });
      expect(stdout).toContain('SUCCESS');
    },
    60_000,
  );
});

function renderLabels(labels: Readonly<Record<string, string>>): string {
  return `{${Object.entries(labels)
    .map(([name, value]) => `${name}="${value}"`)
    .join(', ')}}`;
}
