import { Option } from 'commander';
import type { CliWorld } from '../world/cli-world.ts';
import type { GlobalOptions } from '../world/global-options.ts';
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
