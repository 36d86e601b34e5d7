/** A fenced block of a page. */
export interface Block {
  /** The heading above it. */
  heading: string;
  /** Of the fence, from 1. */
  line: number;
  /** Word after the fence; '' without one. */
  language: string;
  text: string;
  /** What a comment in the line before says: where it is tried instead, or why it is not. */
  note: string | undefined;
}

const FENCE = /^(\s*)```(\S*)\s*$/;
const NOTE = /^\s*<!-- ((?:not )?tried.*) -->\s*$/;

/** The fenced blocks of a Markdown page, in order. */
export function readBlocks(markdown: string): Block[] {
  const blocks: Block[] = [];
  let heading = '';
  let open: (Block & { indent: string }) | undefined;
  let note: string | undefined;
  for (const [index, line] of markdown.split('\n').entries()) {
    const [, indent = '', language = ''] = FENCE.exec(line) ?? [];
    const isFence = FENCE.test(line);
    if (open !== undefined && isFence) {
      const { indent: _, ...block } = open;
      blocks.push(block);
      open = undefined;
      note = undefined;
    } else if (open !== undefined) {
      open.text += `${line.startsWith(open.indent) ? line.slice(open.indent.length) : line}\n`;
    } else if (isFence) {
      open = { heading, line: index + 1, language, text: '', note, indent };
    } else {
      heading = /^#+ (.*)$/.exec(line)?.[1] ?? heading;
      if (line.trim() !== '') note = NOTE.exec(line)?.[1];
    }
  }
  return blocks;
}
