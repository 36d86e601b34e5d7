import { CST, Lexer } from 'yaml';
import { lineBreak } from '../jinja/veil.ts';
import { BootstrapProblem, TooComplexProblem } from './problem.ts';
import { createPyYamlScan } from './pyyaml-scan.ts';

/** What reading may cost, for all texts of one user-data together. It only shrinks. */
export interface ReadingBudget {
  /** Words, marks, blanks and comments of YAML: some six a line. */
  tokens: number;
  anchors: number;
  aliases: number;
}

/** How a text is read. */
export interface YamlReading {
  budget: ReadingBudget;
  /** Who reads it on the host: cloud-init with PyYAML, or kubeadm. */
  reader: 'pyyaml' | 'kubeadm';
}

/** Some seven thousand lines of structure, and still a fraction of a second. The text of strings costs nothing. */
export function createReadingBudget(): ReadingBudget {
  return { tokens: 40_000, anchors: 200, aliases: 1_000 };
}

/**
 * Looks over a text before it is parsed, in one pass: the parser's time grows with the square of some counts, and it
 * goes on after an error.
 * @throws BootstrapProblem with the line: too complex, or an escape that YAML does not know
 */
export function scanYaml(source: string, place: string, { budget, reader }: YamlReading): void {
  let offset = 0;
  /** What follows the mark of a scalar is its text, whatever it looks like. */
  let afterMark = false;
  const judge = reader === 'pyyaml' ? createPyYamlScan() : undefined;
  const describe = (message: string, at = 0): string => `${place}: line ${lineAt(source, offset + at)}: ${message}`;
  for (const token of new Lexer().lex(source)) {
    const type = CST.tokenType(token);
    const refused = judge?.(token);
    if (refused !== undefined)
      throw new BootstrapProblem(describe(`${refused.fault}, which the host's YAML reader refuses`, refused.at));
    const isText = afterMark;
    afterMark = type === 'scalar';
    // They stand for a place in the text and have no length in it.
    if (type === 'doc-mode' || type === 'flow-error-end' || afterMark) continue;
    budget.tokens -= 1;
    if (isText) {
      offset += token.length;
      continue;
    }
    if (type === 'anchor') budget.anchors -= 1;
    if (type === 'alias') budget.aliases -= 1;
    if (budget.tokens < 0) throw new TooComplexProblem(describe('too complex, more than can be read'));
    if (budget.anchors < 0 || budget.aliases < 0) {
      throw new TooComplexProblem(describe('too complex, too many anchors or aliases'));
    }
    if (type === 'double-quoted-scalar') {
      const escape = unknownEscape(token);
      if (escape >= 0) throw new BootstrapProblem(describe('an escape that YAML does not know', escape));
    }
    offset += token.length;
  }
}

/** Where the first escape stands that YAML does not know; -1: nowhere. */
function unknownEscape(quoted: string): number {
  const escapes = /\\(?:x[0-9a-fA-F]{2}|u[0-9a-fA-F]{4}|U[0-9a-fA-F]{8}|\r\n|[\n0abt\tnvfre "/\\N_LP]|(.|\r|$))/gsu;
  for (const found of quoted.matchAll(escapes)) if (found[1] !== undefined) return found.index;
  return -1;
}

/** Counted from one, also in a veiled template. */
export function lineAt(source: string, offset: number): number {
  return 1 + Array.from(source.slice(0, offset).matchAll(lineBreak)).length;
}
