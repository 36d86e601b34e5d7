import { describeImports } from './describe-imports.ts';
import type { Room } from './room.ts';

/** The README.md of a room. */
export function renderReadme(room: Room): string {
  const imports = describeImports(room).map(quote).join(', ') || 'nothing of ours';
  const banned = (room.bans ?? []).map(({ modules, exceptNames, why }) => {
    const except = exceptNames === undefined ? '' : ` except ${exceptNames.map(quote).join(', ')}`;
    return `${modules.map(quote).join(', ')}${except} (${why.replace(/\.$/, '')})`;
  });
  return [
    `# ${room.path}`,
    '',
    `- Here: ${room.holds}.`,
    `- May import: ${imports}.`,
    `- May not: ${room.open === true ? 'be imported' : ['any other folder', ...banned].join('; ')}.`,
    '',
  ].join('\n');
}

/** The table of CONTRIBUTING.md, as the formatter would have it. */
export function renderLayout(rooms: readonly Room[]): string {
  const rows = [
    ['Folder', 'Holds', 'May import'],
    ...rooms.map((room) => [quote(`${room.path}/`), room.holds, describeImports(room).map(quote).join(', ')]),
  ];
  const widths = [0, 1, 2].map((column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
  const line = (cells: readonly string[]): string =>
    `| ${cells.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join(' | ')} |`;
  const [head = [], ...body] = rows;
  return [line(head), line(widths.map((width) => '-'.repeat(width))), ...body.map(line)].join('\n');
}

function quote(name: string): string {
  return name === 'anything' ? name : name.startsWith('types of ') ? `types of \`${name.slice(9)}\`` : `\`${name}\``;
}
