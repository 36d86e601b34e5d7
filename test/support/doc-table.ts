import { readFileSync } from 'node:fs';
import { join } from 'node:path';

/** The rows of the first table under a heading of a page in docs/, by their first cell, each with a text for every column. */
export function readTable(page: string, heading: string): Map<string, Map<string, string>> {
  const text = readFileSync(join(import.meta.dirname, '../../docs', page), 'utf8');
  const section = text.split('\n## ').find((part) => part.startsWith(heading)) ?? '';
  const lines = section.split('\n').filter((line) => line.startsWith('|'));
  const [header = [], , ...body] = lines.map((line) =>
    line
      .split('|')
      .slice(1, -1)
      .map((cell) => cell.trim()),
  );
  const columns = header.map((cell) => cell.replaceAll('`', ''));
  return new Map(
    body.map(([name = '', ...cells]) => [name, new Map(cells.map((cell, i) => [columns[i + 1] ?? '', cell]))]),
  );
}
