import { existsSync, globSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { type Block, readBlocks } from './page.ts';
import { triedPages } from './tried-pages.ts';

const pages = ['README.md', 'CONTRIBUTING.md', ...globSync('docs/**/*.md')];

describe('readBlocks', () => {
  it('finds blocks with their headings, their comments, and without the indent of a list', () => {
    const page = [
      '# One',
      '<!-- tried by a/b.test.ts -->',
      '',
      '```sh',
      'one',
      '```',
      '## Two',
      '1. first',
      '',
      '   ```yaml',
      '   two:',
      '     three',
      '   ```',
    ];
    expect(readBlocks(page.join('\n'))).toEqual([
      { heading: 'One', line: 4, language: 'sh', text: 'one\n', note: 'tried by a/b.test.ts' },
      { heading: 'Two', line: 10, language: 'yaml', text: 'two:\n  three\n', note: undefined },
    ]);
  });
});

/** Where a block is tried, or why it is not; undefined: nobody knows. */
function whereTried(page: string, { heading, note }: Block): string | undefined {
  if (note !== undefined) return note;
  return triedPages[page]?.includes(heading) === true ? 'here' : undefined;
}

describe('commands', () => {
  const blocks = pages.flatMap((page) => readBlocks(readFileSync(page, 'utf8')).map((block) => ({ page, block })));
  const commands = blocks.filter(({ block }) => block.language === 'sh');

  it.each(commands.map(({ page, block }) => [`${page}:${block.line}`, page, block] as const))(
    '%s are tried, or it is said why not',
    (_, page, block) => {
      const where = whereTried(page, block);
      expect(where, `Try it in test/docs, or say in a comment above it where it is tried: ${block.text}`).toBeDefined();
      for (const [, test] of where?.matchAll(/(test\/\S+\.ts)/g) ?? []) expect(existsSync(test ?? ''), test).toBe(true);
    },
  );

  it.each(Object.entries(triedPages))('%s has the headings that are tried', (page, headings) => {
    const found = commands.filter((command) => command.page === page).map(({ block }) => block.heading);
    for (const heading of headings) expect(found).toContain(heading);
  });
});
