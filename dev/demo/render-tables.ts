import Table from 'cli-table3';
import { type DemoView, poolCounters, type ShownMachine } from './demo-view.ts';

export interface TableOptions {
  nowMs: number;
  /** Of the terminal. */
  columns: number;
  /** Colours the name of a phase or of a host's state; must not change how wide it is. */
  paint: (phase: string) => string;
}

const GAP = '  ';
const edges = ['top', 'top-mid', 'top-left', 'top-right', 'bottom', 'bottom-mid', 'bottom-left', 'bottom-right'];
const inner = ['left', 'left-mid', 'mid', 'mid-mid', 'right', 'right-mid'];
const noBorders = { ...Object.fromEntries([...edges, ...inner].map((name) => [name, ''])), middle: GAP };
const MINIMUM_STEP_COLUMNS = 16;

/** The machines, the hosts in the pool's order, and the pool's counters, as lines of text. */
export function renderTables(view: DemoView, options: TableOptions): string {
  return [renderMachines(view, options), renderHosts(view, options), renderPool(view)].join('\n\n');
}

function renderMachines({ machines }: DemoView, { nowMs, columns, paint }: TableOptions): string {
  if (machines.length === 0) return 'No machines';
  const rows = machines.map((machine) => [
    machine.name,
    machine.phase ?? 'new',
    machine.host ?? '-',
    describeStep(machine),
    formatDuration(nowMs - machine.phaseSinceMs),
  ]);
  const head = ['MACHINE', 'PHASE', 'HOST', 'STEP', 'FOR'];
  const others = [0, 1, 2, 4].map((index) => Math.max(...[head, ...rows].map((row) => row[index]?.length ?? 0)));
  const taken = others.reduce((sum, width) => sum + width + GAP.length, 0);
  const stepColumns = Math.max(MINIMUM_STEP_COLUMNS, columns - taken - 1);
  return renderTable(
    head,
    rows.map(([name = '', phase = '', host = '', step = '', duration = '']) => [
      name,
      paint(phase),
      host,
      shorten(step, stepColumns),
      duration,
    ]),
  );
}

function describeStep({ phase, waitsFor, node }: ShownMachine): string {
  if (waitsFor !== '') return waitsFor;
  if (phase === undefined) return 'Waits for Cluster API and its workflow';
  return node === undefined ? '' : `Is Node ${node}`;
}

function renderHosts({ hosts }: DemoView, { paint }: TableOptions): string {
  const rows = hosts.map(({ name, state, pool, owner }) => [name, paint(state ?? '-'), pool ?? '-', owner ?? '-']);
  return renderTable(['HOST', 'STATE', 'POOL', 'OWNER'], rows);
}

function renderPool({ pool }: DemoView): string {
  if (pool === undefined) return 'No pool';
  return `Pool ${pool.name}: ${poolCounters.map((counter) => `${pool.counters[counter]} ${counter}`).join(', ')}`;
}

function renderTable(head: string[], rows: string[][]): string {
  const table = new Table({
    head,
    chars: noBorders,
    style: { head: [], border: [], compact: true, 'padding-left': 0, 'padding-right': 0 },
  });
  table.push(...rows);
  return table.toString();
}

function shorten(text: string, columns: number): string {
  return text.length <= columns ? text : `${text.slice(0, columns - 1)}…`;
}

/** `7 s`, `3 min`. */
export function formatDuration(durationMs: number): string {
  const seconds = Math.max(0, Math.floor(durationMs / 1000));
  return seconds < 100 ? `${seconds} s` : `${Math.floor(seconds / 60)} min`;
}
