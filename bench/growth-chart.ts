import type { RestStage } from './rest-stage.ts';

const PANEL = { width: 220, height: 150, left: 46, top: 34, gap: 26 };
const BOTTOM = 30;

interface Panel {
  title: string;
  valueOf: (stage: RestStage) => number;
}

const panels: readonly Panel[] = [
  { title: 'Worker, MiB', valueOf: ({ workerMiB }) => workerMiB },
  { title: 'Bridge, MiB', valueOf: ({ restartedMiB }) => restartedMiB },
  { title: 'Restart of the bridge, s', valueOf: ({ restartMs }) => restartMs / 1_000 },
  { title: 'Adoptions a second', valueOf: ({ adopted, adoptedMs }) => (adopted / adoptedMs) * 1_000 },
  { title: 'CPU at rest, % of a core', valueOf: ({ workerShare, bridgeShare }) => (workerShare + bridgeShare) * 100 },
];

/** Each figure over the number of machines, both axes from zero: what is a line through the origin grows with the fleet. */
export function drawGrowth(stages: readonly RestStage[]): string {
  const step = PANEL.left + PANEL.width + PANEL.gap;
  const [width, height] = [panels.length * step, PANEL.top + PANEL.height + BOTTOM];
  const mostMachines = Math.max(...stages.map(({ machines }) => machines));
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" role="img" aria-label="${describe(stages)}">`,
    '<style>text{font:12px system-ui,sans-serif;fill:#5b646a}.title{font-weight:600;fill:#22282c}.axis{stroke:#b9b4a8}',
    '.line{fill:none;stroke:#2f7d74;stroke-width:2}circle{fill:#2f7d74}@media (prefers-color-scheme:dark){',
    'text{fill:#a2aaae}.title{fill:#e4e2da}.axis{stroke:#4a5358}}</style>',
    ...panels.map((panel, index) => drawPanel(panel, stages, mostMachines, index * step)),
    '</svg>\n',
  ].join('\n');
}

function drawPanel({ title, valueOf }: Panel, stages: readonly RestStage[], mostMachines: number, x: number): string {
  const most = Math.max(...stages.map(valueOf)) * 1.15 || 1;
  const { width, height, left, top } = PANEL;
  const points = stages.map((stage) => ({
    px: x + left + (stage.machines / mostMachines) * width * 0.92,
    py: top + height - (valueOf(stage) / most) * height,
    value: format(valueOf(stage)),
    machines: stage.machines.toLocaleString('en'),
  }));
  const ground = top + height;
  return [
    `<text class="title" x="${x + left}" y="16">${title}</text>`,
    `<path class="axis" fill="none" d="M${x + left} ${top}V${ground}H${x + left + width}"/>`,
    `<text x="${x + left - 6}" y="${ground}" text-anchor="end">0</text>`,
    `<polyline class="line" points="${points.map(({ px, py }) => `${px.toFixed(1)},${py.toFixed(1)}`).join(' ')}"/>`,
    ...points.map(
      ({ px, py, value, machines }) =>
        `<circle cx="${px.toFixed(1)}" cy="${py.toFixed(1)}" r="3.5"/>` +
        `<text x="${px.toFixed(1)}" y="${(py - 9).toFixed(1)}" text-anchor="middle">${value}</text>` +
        `<text x="${px.toFixed(1)}" y="${ground + 18}" text-anchor="middle">${machines}</text>`,
    ),
  ].join('\n');
}

/** For who cannot see it. */
function describe(stages: readonly RestStage[]): string {
  const figures = panels.map(
    ({ title, valueOf }) => `${title}: ${stages.map((one) => format(valueOf(one))).join(', ')}`,
  );
  return `With ${stages.map(({ machines }) => machines).join(', ')} machines. ${figures.join('. ')}`;
}

function format(value: number): string {
  return value >= 20 ? String(Math.round(value)) : value.toFixed(value >= 2 ? 1 : 2);
}
