import { TemplateFault } from './fault.ts';

/** A word of an expression or a statement. `value` of a string is what stands between its quotes. */
export interface JinjaToken {
  kind: 'name' | 'string' | 'number' | 'operator';
  value: string;
  offset: number;
}

/** Python does not count a byte order mark. */
const blank = /[^\S\uFEFF]+/y;
const word =
  /(?<name>[\p{L}_][\p{L}\p{N}_]*)|(?<number>0[bB](?:_?[01])+|0[oO](?:_?[0-7])+|0[xX](?:_?[\da-fA-F])+|\d(?:_?\d)*(?:\.\d(?:_?\d)*(?:[eE][+-]?\d+)?|[eE][+-]?\d+)?)|(?<string>'(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*")|(?<operator>\*\*|\/\/|==|!=|>=|<=|[-+*/%~[\](){}<>=.:|,;])/suy;
const closing: Readonly<Record<string, string>> = { '(': ')', '[': ']', '{': '}' };

/**
 * The words from `offset` to the mark that ends the tag (`}}` or `%}`), and the place behind it. A mark inside of
 * brackets ends nothing.
 * @throws TemplateFault where jinja's lexer gives up
 */
export function readWords(text: string, offset: number, mark: '}}' | '%}'): { words: JinjaToken[]; end: number } {
  const words: JinjaToken[] = [];
  const open: string[] = [];
  let at = offset;
  for (;;) {
    blank.lastIndex = at;
    if (blank.test(text)) at = blank.lastIndex;
    if (at >= text.length) throw new TemplateFault(`ends before its ${mark}`, offset - 2);
    if (open.length === 0) {
      const sign = text[at] === '-' || (mark === '%}' && text[at] === '+') ? 1 : 0;
      if (text.startsWith(mark, at + sign)) return { words, end: at + sign + mark.length };
    }
    word.lastIndex = at;
    const found = word.exec(text);
    if (found === null) throw new TemplateFault('a character that no expression has', at);
    const { name, number, string, operator } = found.groups ?? {};
    if (operator !== undefined) balance(operator, open, at);
    if (name !== undefined) words.push({ kind: 'name', value: name, offset: at });
    else if (number !== undefined) words.push({ kind: 'number', value: number, offset: at });
    else if (string !== undefined) words.push({ kind: 'string', value: string.slice(1, -1), offset: at });
    else words.push({ kind: 'operator', value: operator ?? '', offset: at });
    at = word.lastIndex;
  }
}

function balance(operator: string, open: string[], at: number): void {
  const closer = closing[operator];
  if (closer !== undefined) open.push(closer);
  else if (/^[)\]}]$/.test(operator) && open.pop() !== operator)
    throw new TemplateFault(`an unexpected ${operator}`, at);
}
