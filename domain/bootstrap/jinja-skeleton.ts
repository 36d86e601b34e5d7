import type { TemplateTag } from './jinja-template.ts';

/** What an expression may leave: a word. */
const word = 'x';
/** What stands in these is rendered elsewhere, or not at all. */
const hiding = new Set(['macro', 'call', 'set']);

interface Block {
  shown: boolean;
}

/**
 * About what a template renders to, to see whether it is YAML then: expressions are words, loops go round once, and of
 * conditions the first branch is taken, or the last. Blanks are cut as cloud-init has it (trim_blocks).
 */
export function renderSkeleton(source: string, tags: readonly TemplateTag[], branch: 'first' | 'last'): string {
  const blocks: Block[] = [];
  let text = '';
  let from = source.indexOf('\n') + 1;
  let cut: RegExp | undefined;
  const add = (until: number, next: string | undefined): void => {
    let piece = source.slice(from, until);
    if (cut !== undefined) piece = piece.replace(cut, '');
    if (next?.[2] === '-') piece = piece.trimEnd();
    if (blocks.every(({ shown }) => shown)) text += piece;
  };
  for (const { kind, start, end } of tags) {
    const tag = source.slice(start, end);
    add(start, tag);
    if (kind === 'statement') enter(tag, blocks, branch);
    if (kind === 'expression' && blocks.every(({ shown }) => shown)) text += word;
    from = end;
    const sign = tag.at(-3);
    cut = sign === '-' ? /^\s+/ : kind === 'expression' || sign === '+' ? undefined : /^\r?\n/;
  }
  add(source.length, undefined);
  return text;
}

/** How the blocks stand open behind a statement. */
function enter(tag: string, blocks: Block[], branch: 'first' | 'last'): void {
  const [, keyword = '', rest = ''] = /^\{%[-+]?\s*(\w+)([^]*)$/.exec(tag) ?? [];
  const block = blocks.at(-1);
  if (keyword === 'else' || keyword === 'elif') {
    if (block === undefined) return;
    block.shown = branch === 'last' && keyword === 'else';
  } else if (/^end(?!raw)/.test(keyword)) blocks.pop();
  else if (keyword === 'if' || keyword === 'for') blocks.push({ shown: branch === 'first' });
  else if (keyword === 'set' && /^[^=(]*=/.test(rest)) return;
  else if (hiding.has(keyword)) blocks.push({ shown: false });
  else if (/^(?:filter|block|with|autoescape)$/.test(keyword)) blocks.push({ shown: true });
}
