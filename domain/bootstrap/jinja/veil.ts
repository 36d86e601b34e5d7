import type { TemplateTag } from './template.ts';

/*
 * jinja reads a template before YAML does, so its tags are no YAML. A veil makes them so for as long as we edit: each
 * character of a tag becomes one of Unicode's last plane, which means nothing to YAML. A statement or comment that has
 * lines to itself becomes a comment behind the line above, with the line breaks in between: rendered, it leaves nothing.
 */
const plane = 0x10_00_00;
const veiledRun = /[\u{100000}-\u{10FFFF}]+/gu;
const veiledBlank = '[\u{100009}\u{10000A}\u{10000D}\u{100020}]';
const veiledComment = new RegExp(` #(?=${veiledBlank})`, 'gu');
const veiledStatement = /\u{10007B}\u{100025}[\u{100000}-\u{10FFFF}]*?\u{100025}\u{10007D}/gu;

/** Whether a text has characters that a veil would be mistaken for. */
export function defiesVeil(text: string): boolean {
  return /[\u{100000}-\u{10FFFF}]/u.test(text);
}

/** A line break in a text, veiled or not. */
export const lineBreak = /\n|\u{10000A}/gu;

export function veil(source: string, tags: readonly TemplateTag[]): string {
  let text = '';
  let from = 0;
  for (const group of groupLines(source, tags)) {
    const { start, end, ownLines } = group;
    text += source.slice(from, start) + (ownLines ? ' #' : '') + hide(source.slice(start, end));
    from = end;
  }
  return text + source.slice(from);
}

/** The text as it was, with what was edited around the tags. */
export function unveil(text: string): string {
  return text.replaceAll(veiledComment, '').replaceAll(veiledRun, (run) => reveal(run));
}

/** How many blocks of the template stand open at a place of a veiled text. */
export function openBlocksAt(veiled: string, offset: number): number {
  let depth = 0;
  for (const [statement] of veiled.slice(0, offset).matchAll(veiledStatement)) {
    const [, keyword = '', rest = ''] = /^\{%[-+]?\s*(\w+)([^]*)$/.exec(unveil(statement)) ?? [];
    if (/^end(?!raw)/.test(keyword)) depth -= 1;
    else if (/^(?:if|for|macro|call|filter|block|with|autoescape)$/.test(keyword)) depth += 1;
    else if (keyword === 'set' && !/^[^=(]*=/.test(rest)) depth += 1;
  }
  return depth;
}

function reveal(run: string): string {
  let text = '';
  for (const char of run) text += String.fromCharCode((char.codePointAt(0) ?? 0) - plane);
  return text;
}

function hide(text: string): string {
  let hidden = '';
  for (let at = 0; at < text.length; at++) hidden += String.fromCodePoint(plane + text.charCodeAt(at));
  return hidden;
}

interface Group {
  start: number;
  end: number;
  ownLines: boolean;
}

/** Tags as they are veiled: what leaves an empty line joins the line above, with the blanks in between. */
function groupLines(source: string, tags: readonly TemplateTag[]): Group[] {
  const groups: Group[] = [];
  for (const tag of tags) {
    const group = groups.at(-1);
    const leavesNothing = tag.kind !== 'expression' && group?.ownLines === true;
    if (leavesNothing && /^[ \t]*$/.test(source.slice(group.end, tag.start))) group.end = tag.end;
    else groups.push({ start: tag.start, end: tag.end, ownLines: tag.kind !== 'expression' });
  }
  return groups.map((group) => (group.ownLines ? ownLinesOf(source, group) : group));
}

function ownLinesOf(source: string, { start, end }: Group): Group {
  let begin = start;
  while (begin > 0 && ' \t\r\n'.includes(source.charAt(begin - 1))) begin -= 1;
  let after = end;
  while (' \t\r'.includes(source.charAt(after)) && after < source.length) after += 1;
  const isAlone = source.slice(begin, start).includes('\n') && (after === source.length || source[after] === '\n');
  return isAlone ? { start: begin, end, ownLines: true } : { start, end, ownLines: false };
}
