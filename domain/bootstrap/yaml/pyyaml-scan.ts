import { CST } from 'yaml';

/** Line breaks to PyYAML, and to nobody else; a lone carriage return is one of them. */
const foreignBreak = /[\u0085\u2028\u2029]|\r(?!\n)/u;
const knownTag =
  /^!(?:!(?:null|bool|int|float|binary|timestamp|omap|pairs|set|str|seq|map))?$|^!<tag:yaml\.org,2002:(?:null|bool|int|float|binary|timestamp|omap|pairs|set|str|seq|map)>$/;
const quoted: readonly (string | null)[] = ['single-quoted-scalar', 'double-quoted-scalar', 'comment'];

/** Where a text stands that PyYAML divides into other lines than everybody else; -1: nowhere. */
export function findForeignBreak(text: string): number {
  return text.search(foreignBreak);
}

/**
 * Judges the words of a text one after the other as PyYAML's scanner does (yaml/scanner.py, composer.py): answers what it
 * would refuse, though our parser takes it.
 */
export function createPyYamlScan(): (token: string) => { fault: string; at: number } | undefined {
  let anchors = new Set<string>();
  let inBlockScalar = false;
  let inScalar = false;
  let depth = 0;
  return (token) => {
    const type = CST.tokenType(token);
    if (type === 'doc-mode' || type === 'doc-start' || type === 'doc-end') anchors = new Set();
    if (inScalar) {
      // What follows the mark of a scalar is its text; in a block scalar all of it may be tabs.
      inScalar = false;
      const wasBlock = inBlockScalar;
      inBlockScalar = false;
      if (wasBlock) return undefined;
      return findTab(token) ?? (depth > 0 ? judgeInBrackets(token) : undefined);
    }
    if (type === 'flow-map-start' || type === 'flow-seq-start') depth += 1;
    if (type === 'flow-map-end' || type === 'flow-seq-end') depth -= 1;
    if (type === 'byte-order-mark') return { fault: 'a byte order mark', at: 0 };
    if (type === 'scalar') inScalar = true;
    if (type === 'block-scalar-header') inBlockScalar = true;
    if (type === 'anchor') return judgeAnchor(token.slice(1), anchors) ?? findTab(token);
    if (type === 'alias' && !isAnchorName(token.slice(1))) return { fault: 'the name of an alias', at: 0 };
    if (type === 'tag' && !knownTag.test(token)) return { fault: 'a tag', at: 0 };
    if (type === 'directive-line' && !/^%YAML\s+1\.\d/.test(token)) return { fault: 'a directive', at: 0 };
    return quoted.includes(type) ? undefined : findTab(token);
  };
}

/** Within brackets a question mark ends an unquoted text, and a colon begins none (`scan_plain`, `check_plain`). */
function judgeInBrackets(text: string): { fault: string; at: number } | undefined {
  const at = text.startsWith(':') ? 0 : text.indexOf('?');
  return at < 0 ? undefined : { fault: 'a question mark or colon within brackets that has to be quoted', at };
}

function judgeAnchor(name: string, anchors: Set<string>): { fault: string; at: number } | undefined {
  if (!isAnchorName(name)) return { fault: 'the name of an anchor', at: 0 };
  if (anchors.has(name)) return { fault: 'an anchor that stands there twice', at: 0 };
  anchors.add(name);
  return undefined;
}

function isAnchorName(name: string): boolean {
  return /^[\w-]+$/.test(name);
}

function findTab(token: string): { fault: string; at: number } | undefined {
  const at = token.indexOf('\t');
  return at < 0 ? undefined : { fault: 'a tab outside of a string', at };
}
