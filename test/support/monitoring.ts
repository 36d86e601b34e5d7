import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';
import { z } from 'zod';

const FOLDER = join(import.meta.dirname, '../../config/monitoring');

const alertSchema = z.object({
  alert: z.string(),
  expr: z.string(),
  for: z.string(),
  labels: z.object({ severity: z.string() }),
  annotations: z.object({ summary: z.string(), description: z.string(), runbook_url: z.string() }),
});
const ruleSchema = z.object({
  kind: z.literal('PrometheusRule'),
  spec: z.object({ groups: z.tuple([z.object({ rules: z.array(alertSchema) })]) }),
});
const panelSchema = z.object({
  id: z.int(),
  title: z.string(),
  gridPos: z.object({ x: z.int(), w: z.int() }),
  targets: z.array(z.object({ expr: z.string() })),
});
const boardSchema = z.object({
  title: z.string(),
  uid: z.string(),
  templating: z.object({ list: z.array(z.object({ name: z.string(), query: z.string() })) }),
  panels: z.array(panelSchema),
});

/** The alerts of config/monitoring. */
export function readAlerts(): z.infer<typeof alertSchema>[] {
  return ruleSchema.parse(parse(readFileSync(join(FOLDER, 'alerts.yaml'), 'utf8'))).spec.groups[0].rules;
}

/** Its dashboards. */
export function dashboardFiles(): { file: string; board: z.infer<typeof boardSchema> }[] {
  const folder = join(FOLDER, 'dashboards');
  return readdirSync(folder)
    .toSorted()
    .map((file) => ({ file, board: boardSchema.parse(JSON.parse(readFileSync(join(folder, file), 'utf8'))) }));
}

/** Every expression of alerts and dashboards, as Prometheus gets it; `where` says whose. */
export function readExpressions(): { where: string; expr: string }[] {
  const ofBoards = dashboardFiles().flatMap(({ file, board: { panels, templating } }) => [
    ...panels.flatMap(({ title, targets }) =>
      targets.map(({ expr }, at) => ({ where: `${file}: ${title} ${at}`, expr })),
    ),
    ...templating.list
      .filter(({ query }) => query.startsWith('label_values'))
      .map(({ name, query }) => ({ where: `${file}: variable ${name}`, expr: query })),
  ]);
  return [...readAlerts().map(({ alert, expr }) => ({ where: alert, expr })), ...ofBoards];
}

/** The names of metrics in an expression. */
export function metricsIn(expr: string): string[] {
  const bare = expr.replaceAll(/"[^"]*"/g, '""');
  return [...new Set(bare.match(/\b(ironloom|temporal|nodejs|process)_[a-z0-9_]+\b/g))];
}
