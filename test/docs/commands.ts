import { readFileSync } from 'node:fs';
import { type Block, readBlocks } from './page.ts';

/** What stands for the names of this site in the commands of a page. */
export type Names = Readonly<Record<string, string>>;

/** The blocks of commands right below a heading, in order. @throws when the page has none there */
export function commandsBelow(page: string, heading: string, names: Names): string[] {
  const blocks = readBlocks(readFileSync(page, 'utf8')).filter((block) => block.heading === heading);
  const commands = blocks.filter(({ language, note }) => language === 'sh' && note === undefined);
  if (commands.length === 0) throw new Error(`${page} has no commands below ${heading}`);
  return commands.map((block) => fill(block, names));
}

/** Nobody waits here until a watch is ended by hand. */
export function fill({ text }: Pick<Block, 'text'>, names: Names): string {
  let filled = text.replaceAll(/ -w(?=\s)/g, '');
  for (const [name, value] of Object.entries(names)) filled = filled.replaceAll(name, value);
  return filled;
}
