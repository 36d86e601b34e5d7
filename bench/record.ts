import { readFile, writeFile } from 'node:fs/promises';
import { availableParallelism, cpus, totalmem } from 'node:os';
import { fileURLToPath } from 'node:url';
import { readTool, type ToolName } from '../dev/tools/table.ts';
import type { Measurement } from './measurement.ts';

const documentPath = fileURLToPath(new URL('../docs/benchmarks.md', import.meta.url));
const pictureFolder = new URL('../docs/pictures/', import.meta.url);
const tools: readonly ToolName[] = ['kube-apiserver', 'etcd', 'temporal'];

/** Replaces a benchmark's block in docs/benchmarks.md, and its pictures. @throws Error when the document has no such block */
export async function recordMeasurements(
  name: string,
  measurements: readonly Measurement[],
  pictures: ReadonlyMap<string, string>,
): Promise<void> {
  const block = `${await describeMachine()}\n\n${renderMarkdown(measurements)}`;
  await writeFile(documentPath, replaceBlock(await readFile(documentPath, 'utf8'), name, block));
  for (const [file, svg] of pictures) await writeFile(new URL(file, pictureFolder), svg);
}

/** Replaces what stands between `<!-- bench:NAME -->` and `<!-- end -->`. @throws Error when there is no such block */
export function replaceBlock(document: string, name: string, block: string): string {
  const begin = `<!-- bench:${name} -->`;
  const end = '<!-- end -->';
  const from = document.indexOf(begin);
  const to = document.indexOf(end, from);
  if (from < 0 || to < 0) throw new Error(`docs/benchmarks.md has no block ${begin} … ${end}`);
  return `${document.slice(0, from + begin.length)}\n\n${block}\n\n${document.slice(to)}`;
}

/** A Markdown table, columns aligned as oxfmt does it. */
export function renderMarkdown(measurements: readonly Measurement[]): string {
  const rows = [
    ['what', 'budget', 'measured', ''],
    ...measurements.map(({ what, budget = '', measured, ok }) => [what, budget, measured, verdictOf(ok)]),
  ];
  const widths = [0, 1, 2, 3].map((column) => Math.max(3, ...rows.map((row) => (row[column] ?? '').length)));
  const lines = rows.map((row) => `| ${row.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join(' | ')} |`);
  const rule = `| ${widths.map((width) => '-'.repeat(width)).join(' | ')} |`;
  return [lines[0], rule, ...lines.slice(1)].join('\n');
}

/** The last column of a table. */
export function verdictOf(ok: boolean | undefined): string {
  if (ok === undefined) return '';
  return ok ? 'ok' : 'OVER';
}

async function describeMachine(): Promise<string> {
  const versions = await Promise.all(tools.map(async (name) => `${name} ${(await readTool(name)).version}`));
  const memoryGiB = Math.round(totalmem() / 2 ** 30);
  const date = new Date().toISOString().slice(0, 10);
  const machine = `${availableParallelism()} cores (${cpus()[0]?.model.trim() || 'unknown'}), ${memoryGiB} GiB`;
  return `${date}, ${machine}, Node.js ${process.version}, ${versions.join(', ')}.`;
}
