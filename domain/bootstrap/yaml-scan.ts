import { CST, Lexer } from 'yaml';
import { BootstrapProblem } from './problem.ts';

/** What reading may cost, for all texts of one user-data together. It only shrinks. */
export interface ReadingBudget {
  /** Words, marks, blanks and comments of YAML: some six a line. */
  tokens: number;
  anchors: number;
  aliases: number;
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
export function scanYaml(source: string, place: string, budget: ReadingBudget): void {
  let offset = 0;
  const fail = (message: string, at: number): never => {
    throw new BootstrapProblem(`${place}: line ${lineAt(source, offset + at)}: ${message}`);
  };
  for (const token of new Lexer().lex(source)) {
    const type = CST.tokenType(token);
    // They stand for a place in the text and have no length in it.
    if (type === 'doc-mode' || type === 'flow-error-end' || type === 'scalar') continue;
    budget.tokens -= 1;
    if (type === 'anchor') budget.anchors -= 1;
    if (type === 'alias') budget.aliases -= 1;
    if (budget.tokens < 0) fail('too complex, more than can be read', 0);
    if (budget.anchors < 0 || budget.aliases < 0) fail('too complex, too many anchors or aliases', 0);
    if (type === 'double-quoted-scalar') {
      const escape = unknownEscape(token);
      if (escape >= 0) fail('an escape that YAML does not know', escape);
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

/** Counted from one. */
export function lineAt(source: string, offset: number): number {
  let line = 1;
  for (let at = source.indexOf('\n'); at >= 0 && at < offset; at = source.indexOf('\n', at + 1)) line += 1;
  return line;
}
