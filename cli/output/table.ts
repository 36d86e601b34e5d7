import Table from 'cli-table3';
import type { Paint, Tone } from './paint.ts';
import { printable } from './printable.ts';

/** One column of a list. */
export interface Column<Item> {
  head: string;
  /** Key of the value in `-o json`. */
  key: string;
  /** Only with `-o wide`. */
  wide?: true;
  text: (item: Item) => string;
}

const noLines = { top: '', 'top-mid': '', 'top-left': '', 'top-right': '', bottom: '', 'bottom-mid': '' } as const;
const noFrame = { 'bottom-left': '', 'bottom-right': '', left: '', 'left-mid': '', mid: '', 'mid-mid': '' } as const;

/** As kubectl prints it: no lines, three spaces between columns. */
export function renderTable<Item>(
  columns: readonly Column<Item>[],
  items: readonly Item[],
  { paint, toneOf, head = true }: { paint: Paint; toneOf: (item: Item) => Tone; head?: boolean },
): string {
  const table = new Table({
    chars: { ...noLines, ...noFrame, right: '', 'right-mid': '', middle: '   ' },
    style: { 'padding-left': 0, 'padding-right': 0, head: [], border: [] },
  });
  if (head) table.push(columns.map((column) => paint('head', column.head)));
  for (const item of items) {
    const [name = '', ...others] = columns.map((column) => printable(column.text(item)) || '-');
    table.push([name, ...others.map((text, index) => (index === 0 ? paint(toneOf(item), text) : text))]);
  }
  return table
    .toString()
    .split('\n')
    .map((line) => line.trimEnd())
    .join('\n');
}
