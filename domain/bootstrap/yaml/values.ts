import { type Document, parseAllDocuments } from 'yaml';
import { BootstrapProblem } from './problem.ts';
import { lineAt } from './scan.ts';

/** Where a value stands: document index, then keys and indexes. */
export type YamlPath = readonly [documentIndex: number, ...rest: (string | number)[]];

export type Json = string | { [key: string]: Json } | Json[];

/** One value that is set, or put in front of a list. */
export interface Change {
  path: YamlPath;
  value: Json;
  prepend: boolean;
}

/** `write_files[2].content`; the document index is left out. */
export function describePath(path: YamlPath): string {
  const text = path
    .slice(1)
    .map((step) => (typeof step === 'number' ? `[${step}]` : `.${step}`))
    .join('')
    .replace(/^\./, '');
  return text === '' ? 'top level' : text;
}

/** All documents, those with errors as well. */
export function readDocuments(source: string): readonly Document.Parsed[] {
  // uniqueKeys costs time quadratic in the number of keys; `find` checks the keys that matter.
  const options = { uniqueKeys: false, prettyErrors: false, logLevel: 'error' } as const;
  return [...parseAllDocuments(source, options)];
}

/** @throws BootstrapProblem with line and column */
export function parseDocuments(source: string, place: string): readonly Document.Parsed[] {
  const documents = readDocuments(source);
  for (const document of documents) {
    const [error] = document.errors;
    if (error === undefined) continue;
    const [offset] = error.pos;
    const column = offset - source.lastIndexOf('\n', offset - 1);
    const where = `at line ${lineAt(source, offset)}, column ${column}`;
    throw new BootstrapProblem(`${place}: not valid YAML ${where} (${error.code})`);
  }
  return documents;
}

/** Values that a text may hold once each alias stands for a copy: more than any text of its size without aliases. */
const valueLimit = 300_000;

/** Plain values of the documents. @throws BootstrapProblem for aliases that cannot be resolved, or stand for too much */
export function plainValues(documents: readonly Document.Parsed[], place: string): unknown[] {
  const budget = { left: valueLimit };
  return documents.map((document) => {
    try {
      return separate(document.toJS() ?? null, budget);
    } catch {
      throw new BootstrapProblem(`${place}: too many or broken aliases`);
    }
  });
}

/** A copy in which values that several aliases share are separate. @throws RangeError when that makes too many */
function separate(value: unknown, budget: { left: number }): unknown {
  budget.left -= 1;
  if (budget.left < 0) throw new RangeError('too many values');
  if (Array.isArray(value)) return value.map((item) => separate(item, budget));
  if (!isRecord(value) || value instanceof Date) return value;
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, separate(item, budget)]));
}

/** Makes the same change to plain values. */
export function applyChange(documents: unknown[], change: Change): void {
  const parents = change.prepend ? change.path : change.path.slice(0, -1);
  let target: unknown = documents;
  for (const step of parents) target = isRecord(target) ? target[step] : undefined;
  const last = change.path.at(-1);
  if (change.prepend && Array.isArray(target) && Array.isArray(change.value)) target.unshift(...change.value);
  else if (isRecord(target) && last !== undefined) target[last] = change.value;
}

export function isRecord(value: unknown): value is Record<string | number, unknown> {
  return typeof value === 'object' && value !== null;
}
