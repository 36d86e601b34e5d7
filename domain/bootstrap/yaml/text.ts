import { isDeepStrictEqual } from 'node:util';
import { type Document, isMap, isScalar, type Node, Scalar, stringify, type YAMLMap, type YAMLSeq } from 'yaml';
import { renderLiteral } from './literal.ts';
import { BootstrapProblem } from './problem.ts';
import { findPyYamlFault } from './pyyaml-values.ts';
import { lineAt, scanYaml, type YamlReading } from './scan.ts';
import { openBlocksAt } from '../jinja/veil.ts';
import {
  applyChange,
  type Change,
  describePath,
  isRecord,
  type Json,
  parseDocuments,
  plainValues,
  type YamlPath,
} from './values.ts';

interface TextEdit {
  start: number;
  end: number;
  text: string;
}

// Text that is a string, unquoted, in YAML 1.1 (cloud-init) as well as in 1.2.
const safePlain = /^(?!(?:y|n|yes|no|on|off|true|false|null)$)[a-z](?:[a-z0-9.:/-]*[a-z0-9])?$/;

/**
 * YAML text that is edited in place: the parsed documents only say where to cut, so every byte that no edit names
 * stays (comments, order, quotes, template expressions). `render` proves that the edits changed nothing else.
 */
export class YamlText {
  readonly source: string;
  readonly documents: readonly Document.Parsed[];
  readonly #place: string;
  readonly #edits: TextEdit[] = [];
  readonly #changes: Change[] = [];
  /** Mappings in braces that got their first pair from us. */
  readonly #filled = new Set<YAMLMap>();

  /**
   * @param place how messages name this text, e.g. `write_files[2].content`
   * @throws BootstrapProblem with line and column when the text is not YAML, or more than the budget allows
   */
  constructor(source: string, place: string, reading: YamlReading) {
    this.source = source;
    this.#place = place;
    scanYaml(source, place, reading);
    this.documents = parseDocuments(source, place);
    for (const document of reading.reader === 'pyyaml' ? this.documents : []) {
      const refused = findPyYamlFault(document);
      if (refused === undefined) continue;
      throw this.problem(
        `line ${lineAt(source, refused.offset)}: ${refused.fault}, which the host's YAML reader refuses`,
      );
    }
  }

  /** The pair's value node; undefined when the key is absent. Refuses duplicate keys and merge keys. */
  find(map: YAMLMap, key: string, place: string): { node: unknown } | undefined {
    const pairs = map.items.filter((pair) => isScalar(pair.key) && pair.key.value === key);
    if (pairs.length > 1) throw this.problem(`${place}: the key ${key} stands there twice`);
    if (map.items.some((pair) => isScalar(pair.key) && pair.key.value === '<<')) {
      throw this.problem(`${place}: merge keys (<<) are not supported here`);
    }
    const pair = pairs[0];
    return pair && { node: pair.value };
  }

  /** Sets `key`, adding it in front of the mapping's first key when it is absent. No edit when it is right already. */
  set(map: YAMLMap, path: YamlPath, key: string, value: Json): void {
    const place = describePath(path);
    const found = this.find(map, key, place);
    if (found === undefined) {
      this.#insertPair(map, place, key, value);
    } else {
      const node = found.node;
      const range = this.#rangeOf(node, `${place}.${key}`);
      this.#refuseInBlock(range[0], `${place}.${key}`);
      if (isRight(node, value)) return;
      this.#replace(range, flowText(value));
    }
    this.#changes.push({ path: [...path, key], value, prepend: false });
  }

  /** What jinja renders or not, if it is in the text at all. */
  isConditional(node: unknown): boolean {
    return hasRange(node) && openBlocksAt(this.source, node.range[0]) > 0;
  }

  /** Puts items in front of a list. */
  prepend(seq: YAMLSeq, path: YamlPath, items: readonly Json[]): void {
    const place = describePath(path);
    const [start] = this.#rangeOf(seq, place);
    this.#refuseInBlock(start, place);
    if (seq.flow) {
      this.#replace([start + 1, start + 1], `${items.map(flowText).join(', ')}${seq.items.length > 0 ? ', ' : ''}`);
    } else {
      const indent = ' '.repeat(this.#columnOf(start));
      this.#replace([start, start], `${blockText([...items], indent)}\n${indent}`);
    }
    this.#changes.push({ path, value: [...items], prepend: true });
  }

  /** Replaces the text of a multi-line string, keeping the lines of a literal block that did not change. */
  setContent(node: Scalar, path: YamlPath, value: string): void {
    const range = this.#rangeOf(node, describePath(path));
    const literal =
      node.type === Scalar.BLOCK_LITERAL && renderLiteral(this.source.slice(...range), String(node.value), value);
    if (literal) this.#edits.push({ start: range[0], end: range[1], text: literal });
    else this.#replace(range, flowText(value));
    this.#changes.push({ path, value, prepend: false });
  }

  get edited(): boolean {
    return this.#changes.length > 0;
  }

  /** Source text of a node. */
  textOf(node: unknown): string {
    return hasRange(node) ? this.source.slice(node.range[0], node.range[1]) : '';
  }

  problem(message: string): BootstrapProblem {
    return new BootstrapProblem(`${this.#place}: ${message}`);
  }

  /**
   * The edited text.
   * @throws BootstrapProblem when an edit would touch anything else, e.g. through an anchor
   */
  render(): string {
    if (!this.edited) return this.source;
    // The sort is stable: insertions at one place stay in the order in which they were made.
    const ordered = this.#edits.toSorted((a, b) => a.start - b.start || a.end - b.end);
    let text = '';
    let from = 0;
    for (const edit of ordered) {
      if (edit.start < from) throw this.problem('two changes meet in one place');
      text += this.source.slice(from, edit.start) + edit.text;
      from = edit.end;
    }
    text += this.source.slice(from);
    this.#verify(text);
    return text;
  }

  #verify(text: string): void {
    const expected = plainValues(this.documents, this.#place);
    for (const change of this.#changes) applyChange(expected, change);
    if (!isDeepStrictEqual(plainValues(parseDocuments(text, this.#place), this.#place), expected)) {
      throw this.problem(
        'the document cannot be changed without touching other values; write it without anchors and tags',
      );
    }
  }

  #insertPair(map: YAMLMap, place: string, key: string, value: Json): void {
    const start = this.#placeInFront(map, place);
    this.#refuseInBlock(start, `${place}.${key}`);
    if (map.flow) {
      const pair = `${flowText(key)}: ${flowText(value)}`;
      const inFront = this.#filled.has(map) ? `, ${pair}` : pair;
      this.#filled.add(map);
      this.#replace([start + 1, start + 1], map.items.length > 0 ? `${pair}, ` : inFront);
      return;
    }
    const indent = ' '.repeat(this.#columnOf(start));
    this.#replace([start, start], `${blockText({ [key]: value }, indent)}\n${indent}`);
  }

  /** In front of the first key that the template always renders, or of the first. */
  #placeInFront(map: YAMLMap, place: string): number {
    const [first] = this.#rangeOf(map, place);
    if (map.flow || openBlocksAt(this.source, first) === 0) return first;
    for (const { key } of map.items.slice(1)) {
      const [start] = this.#rangeOf(key, place);
      const isFirstOfLine = /^ *$/.test(this.source.slice(start - this.#columnOf(start), start));
      if (isFirstOfLine && openBlocksAt(this.source, start) === 0) return start;
    }
    return first;
  }

  /** What jinja renders or not is no place for a field of ours. */
  #refuseInBlock(offset: number, place: string): void {
    if (openBlocksAt(this.source, offset) > 0) {
      throw this.problem(`${place}: stands in a block of the template, and has to be set whatever that renders`);
    }
  }

  #replace([start, end]: readonly [number, number], text: string): void {
    const wasBlock = this.source.slice(start, end).endsWith('\n');
    const before = start === end && this.source[start - 1] === ':' ? ' ' : '';
    const after = wasBlock ? '\n' : start === end && this.source[end] === '#' ? ' ' : '';
    this.#edits.push({ start, end, text: before + text + after });
  }

  #rangeOf(node: unknown, place: string): [number, number] {
    if (!hasRange(node)) throw this.problem(`${place}: has no value that could be replaced`);
    return [node.range[0], node.range[1]];
  }

  #columnOf(offset: number): number {
    return offset - (this.source.lastIndexOf('\n', offset - 1) + 1);
  }
}

function hasRange(node: unknown): node is Node & { range: [number, number, number] } {
  return isRecord(node) && Array.isArray(node['range']);
}

function isRight(node: unknown, value: Json): boolean {
  if (!isScalar(node) || node.tag !== undefined || node.value !== value) return false;
  return node.type !== Scalar.PLAIN || (typeof value === 'string' && safePlain.test(value));
}

/** One line of YAML 1.1 and 1.2: JSON with the characters escaped that YAML 1.1 takes for line breaks. */
function flowText(value: Json): string {
  return JSON.stringify(value).replaceAll(
    /[\u007f-\u00a0\u2028\u2029\ufeff]/gu,
    (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}

function blockText(value: Json, indent: string): string {
  const text = stringify(value, { defaultStringType: 'QUOTE_DOUBLE', defaultKeyType: 'PLAIN', lineWidth: 0 });
  return text.trimEnd().replaceAll('\n', `\n${indent}`);
}

/** The mapping at the top of a document, undefined when it holds something else. */
export function rootMap(document: Document.Parsed | undefined): YAMLMap | undefined {
  const contents = document?.contents;
  return isMap(contents) ? contents : undefined;
}
