import { JinjaExpressions, type JinjaReference } from './expression.ts';
import { type JinjaToken, readWords } from './tokens.ts';
import { TemplateFault } from './fault.ts';

/** cloud-init takes the first line for it, spelled so (cloudinit/templater.py, detect_template). */
const header = /^##\s*template:\s*jinja\s*$/im;

/** jinja reads the text before YAML does: what it takes for its own must stay as it is. */
export function isTemplate(source: string): boolean {
  return header.test(source.split('\n', 1)[0] ?? '');
}

/** A piece of a template that is not text: what jinja reads, from `{` to `}`. */
export interface TemplateTag {
  kind: 'expression' | 'statement' | 'comment';
  start: number;
  end: number;
}

export interface Template {
  tags: readonly TemplateTag[];
  references: readonly JinjaReference[];
  /** Names that the template gives itself. */
  own: ReadonlySet<string>;
}

/** Statements that end with another, by the word that ends them. */
const blocks: Readonly<Record<string, string>> = {
  if: 'endif',
  for: 'endfor',
  macro: 'endmacro',
  call: 'endcall',
  filter: 'endfilter',
  set: 'endset',
  block: 'endblock',
  with: 'endwith',
  autoescape: 'endautoescape',
};
const rawBegin = /\{%[-+]?\s*raw\s*-?%\}/y;
const rawEnd = /\{%[-+]?\s*endraw\s*[-+]?%\}/g;

/**
 * Reads a template as jinja2 does, without rendering it. The first line is cloud-init's header.
 * @throws TemplateFault where jinja would refuse it
 */
export function parseTemplate(source: string): Template {
  const tags: TemplateTag[] = [];
  const statements = new StatementReader();
  const begin = /\{[{%#]/g;
  begin.lastIndex = source.indexOf('\n');
  for (let found = begin.exec(source); found !== null; found = begin.exec(source)) {
    const start = found.index;
    const end = readTag(source, start, tags, statements);
    begin.lastIndex = end;
  }
  statements.finish(source.length);
  return { tags, references: statements.references, own: statements.own };
}

/** Reads one tag, or all of a raw block; answers where the text goes on. */
function readTag(source: string, start: number, tags: TemplateTag[], statements: StatementReader): number {
  const sign = source[start + 1];
  if (sign === '#') {
    const end = source.indexOf('#}', start + 2) + 2;
    if (end < 2) throw new TemplateFault('{# begins a comment of the template that does not end', start);
    tags.push({ kind: 'comment', start, end });
    return end;
  }
  rawBegin.lastIndex = start;
  if (rawBegin.test(source)) {
    rawEnd.lastIndex = rawBegin.lastIndex;
    const close = rawEnd.exec(source);
    if (close === null) throw new TemplateFault('raw does not end', start);
    tags.push({ kind: 'statement', start, end: rawBegin.lastIndex });
    tags.push({ kind: 'statement', start: close.index, end: rawEnd.lastIndex });
    return rawEnd.lastIndex;
  }
  const begin = start + (/[-+]/.test(source[start + 2] ?? '') ? 3 : 2);
  const { words, end } = readWords(source, begin, sign === '{' ? '}}' : '%}');
  if (sign === '{') statements.print(words, end);
  else statements.read(words, end, start);
  tags.push({ kind: sign === '{' ? 'expression' : 'statement', start, end });
  return end;
}

class StatementReader {
  readonly references: JinjaReference[] = [];
  readonly own = new Set<string>();
  readonly #open: { keyword: string; start: number }[] = [];

  print(words: readonly JinjaToken[], end: number): void {
    const reader = new JinjaExpressions(words, end);
    reader.tuple();
    this.#close(reader);
  }

  read(words: readonly JinjaToken[], end: number, start: number): void {
    const reader = new JinjaExpressions(words, end);
    const keyword = reader.name();
    if (Object.values(blocks).includes(keyword)) this.#endBlock(keyword, reader);
    else this.#begin(keyword, reader, start);
    this.#close(reader);
  }

  finish(end: number): void {
    const open = this.#open.at(-1);
    if (open !== undefined) throw new TemplateFault(`${open.keyword} does not end`, Math.min(open.start, end));
  }

  #close(reader: JinjaExpressions): void {
    reader.finish();
    this.references.push(...reader.references);
  }

  #endBlock(keyword: string, reader: JinjaExpressions): void {
    if (blocks[this.#open.pop()?.keyword ?? ''] !== keyword) throw reader.fault(`${keyword} ends nothing`);
    if (keyword === 'endblock' && !reader.isAtEnd) reader.name();
  }

  #begin(keyword: string, reader: JinjaExpressions, start: number): void {
    switch (keyword) {
      case 'if':
        reader.tuple();
        break;
      case 'elif':
      case 'else':
        return this.#branch(keyword, reader);
      case 'for':
        this.#targets(reader);
        reader.expect('name', 'in');
        reader.or();
        if (reader.take('operator', ',')) reader.tuple();
        if (reader.take('name', 'if')) reader.conditional();
        reader.take('name', 'recursive');
        break;
      case 'set':
        this.#targets(reader);
        if (reader.take('operator', '=')) return reader.tuple();
        reader.filters();
        break;
      case 'with':
        this.#assignments(reader);
        break;
      case 'macro':
        this.own.add(reader.name());
        this.#parameters(reader);
        break;
      case 'call':
        if (reader.isNext('operator', '(')) this.#parameters(reader);
        reader.or();
        break;
      case 'filter':
        reader.name();
        reader.filters();
        break;
      case 'block':
        reader.name();
        break;
      case 'autoescape':
        reader.conditional();
        break;
      case 'do':
      case 'print':
        return reader.tuple();
      default:
        throw new TemplateFault('a statement that cloud-init does not have', start);
    }
    this.#open.push({ keyword, start });
  }

  #branch(keyword: string, reader: JinjaExpressions): void {
    const open = this.#open.at(-1)?.keyword;
    if (open !== 'if' && !(open === 'for' && keyword === 'else')) throw reader.fault(`${keyword} without if`);
    if (keyword === 'elif') reader.tuple();
  }

  #targets(reader: JinjaExpressions): void {
    do {
      const inBrackets = reader.take('operator', '(');
      this.own.add(reader.name());
      if (inBrackets) while (reader.take('operator', ',')) this.own.add(reader.name());
      if (inBrackets) reader.expect('operator', ')');
      // An attribute of a namespace.
      if (reader.take('operator', '.')) reader.name();
    } while (reader.take('operator', ','));
  }

  #assignments(reader: JinjaExpressions): void {
    while (!reader.isAtEnd) {
      this.own.add(reader.name());
      reader.expect('operator', '=');
      reader.conditional();
      if (!reader.isAtEnd) reader.expect('operator', ',');
    }
  }

  #parameters(reader: JinjaExpressions): void {
    reader.expect('operator', '(');
    while (!reader.take('operator', ')')) {
      this.own.add(reader.name());
      if (reader.take('operator', '=')) reader.conditional();
      if (!reader.isNext('operator', ')')) reader.expect('operator', ',');
    }
  }
}
