import type { TemplateTag } from './template.ts';

/** What an expression may leave: a word. */
const word = 'x';
/** Loops within loops go round once from here on: each doubles what is inside of it. */
const deepestLoop = 3;

interface Block {
  shown: boolean;
  /** Of a loop that goes round once more: the tag with which it begins. */
  again: number | undefined;
}

/**
 * About what a template renders to, to see whether it is YAML then: expressions are words, loops go round twice, and of
 * conditions the first branch is taken, or the last. Blanks are cut as cloud-init has it (trim_blocks).
 */
export function renderSkeleton(source: string, tags: readonly TemplateTag[], branch: 'first' | 'last'): string {
  const blocks: Block[] = [];
  let text = '';
  let from = source.indexOf('\n') + 1;
  let cut: RegExp | undefined;
  const add = (until: number, next: string | undefined): void => {
    if (!blocks.every(({ shown }) => shown)) return;
    const piece = cut === undefined ? source.slice(from, until) : source.slice(from, until).replace(cut, '');
    text += next?.[2] === '-' ? piece.trimEnd() : piece;
  };
  for (let at = 0; at < tags.length; at++) {
    const tag = tags[at];
    if (tag === undefined) break;
    const words = source.slice(tag.start, tag.end);
    add(tag.start, words);
    if (tag.kind === 'expression' && blocks.every(({ shown }) => shown)) text += word;
    const again = tag.kind === 'statement' ? enter(words, at, blocks, branch) : undefined;
    if (again !== undefined) at = again;
    const last = tags[at] ?? tag;
    from = last.end;
    const sign = source.charAt(last.end - 3);
    cut = sign === '-' ? /^\s+/ : last.kind === 'expression' || sign === '+' ? undefined : /^\r?\n/;
  }
  add(source.length, undefined);
  return text;
}

/** How the blocks stand open behind a statement; answers the tag behind which a loop begins anew. */
function enter(tag: string, at: number, blocks: Block[], branch: 'first' | 'last'): number | undefined {
  const [, keyword = '', rest = ''] = /^\{%[-+]?\s*(\w+)([^]*)$/.exec(tag) ?? [];
  const block = blocks.at(-1);
  const again = block?.again;
  switch (keyword) {
    case 'if':
      return open(blocks, branch === 'first');
    case 'for': {
      const depth = blocks.filter((outer) => outer.again !== undefined).length;
      return open(blocks, branch === 'first', depth < deepestLoop ? at : undefined);
    }
    case 'elif':
    case 'else':
      if (block !== undefined) block.shown = branch === 'last' && keyword === 'else';
      return undefined;
    case 'endfor':
      if (branch === 'last' || again === undefined || block === undefined) return close(blocks);
      block.again = undefined;
      block.shown = true;
      return again;
    case 'set':
      return /^[^=(]*=/.test(rest) ? undefined : open(blocks, false);
    case 'macro':
    case 'call':
      return open(blocks, false);
    case 'filter':
    case 'block':
    case 'with':
    case 'autoescape':
      return open(blocks, true);
    default:
      return /^end(?!raw)/.test(keyword) ? close(blocks) : undefined;
  }
}

function open(blocks: Block[], shown: boolean, again?: number): undefined {
  blocks.push({ shown, again });
}

function close(blocks: Block[]): undefined {
  blocks.pop();
}
