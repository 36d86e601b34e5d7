import { Option } from 'commander';
import type { CliWorld } from './cli-world.ts';
import type { GlobalOptions } from './global-options.ts';
import { createPaint, type Tone } from './paint.ts';
import { type Column, renderTable } from './table.ts';

/** How rows of the journal are printed. */
export interface RecordOptions extends GlobalOptions {
  output?: 'json' | 'csv';
}

export function recordOutputOption(): Option {
  return new Option('-o, --output <format>', 'how it is printed').choices(['json', 'csv']);
}

/** Rows as a table, as CSV (RFC 4180), or as JSON, of which `asJson` is the value. */
export function printRecords<Item>(
  columns: readonly Column<Item>[],
  items: readonly Item[],
  world: CliWorld,
  options: RecordOptions & { toneOf?: (item: Item) => Tone; asJson: unknown },
): void {
  const { output, asJson, toneOf = () => 'well' } = options;
  if (output === 'json') return world.print(JSON.stringify(asJson, null, 2));
  if (output === 'csv') {
    const lines = [columns.map(({ key }) => key), ...items.map((item) => columns.map(({ text }) => text(item)))];
    return world.print(lines.map((line) => line.map(quote).join(',')).join('\r\n'));
  }
  world.print(renderTable(columns, items, { paint: createPaint(world, options), toneOf }));
}

/** A field that a spreadsheet would take for a formula is made text: who asked chose some of the words. */
function quote(field: string): string {
  const text = /^[=+\-@\t]/.test(field) ? `'${field}` : field;
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

/** `1d 2h`, `3m 20s`, `0s`: the two largest units. */
export function tellDuration(ms: number | null): string {
  if (ms === null) return '';
  const units = [
    ['d', 86_400_000],
    ['h', 3_600_000],
    ['m', 60_000],
    ['s', 1_000],
  ] as const;
  const at = units.findIndex(([, length]) => ms >= length);
  if (at === -1) return '0s';
  let left = ms;
  const parts = units.slice(at, at + 2).map(([unit, length]) => {
    const count = Math.floor(left / length);
    left -= count * length;
    return count === 0 ? '' : `${count}${unit}`;
  });
  return parts.filter((part) => part !== '').join(' ');
}
