import { type Document, parseAllDocuments } from 'yaml';
import { BootstrapProblem } from './cloud-init-problem.ts';

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

/** @throws BootstrapProblem with line and column */
export function parseDocuments(source: string, place: string): readonly Document.Parsed[] {
  // uniqueKeys costs time quadratic in the number of keys; `find` checks the keys that matter.
  const documents = [...parseAllDocuments(source, { uniqueKeys: false, logLevel: 'error' })];
  for (const document of documents) {
    const [error] = document.errors;
    if (error === undefined) continue;
    const [at] = error.linePos ?? [];
    const where = at ? ` at line ${at.line}, column ${at.col}` : '';
    throw new BootstrapProblem(`${place}: not valid YAML${where} (${error.code})`);
  }
  return documents;
}

/** Plain values of the documents. @throws BootstrapProblem for aliases that cannot be resolved */
export function plainValues(documents: readonly Document.Parsed[], place: string): unknown[] {
  const values: unknown[] = [];
  for (const document of documents) {
    try {
      // By way of JSON: values that several aliases share become separate.
      const value: unknown = JSON.parse(JSON.stringify(document.toJS() ?? null));
      values.push(value);
    } catch {
      throw new BootstrapProblem(`${place}: too many or broken aliases`);
    }
  }
  return values;
}

/** Makes the same change to plain values. */
export function applyChange(documents: unknown[], change: Change): void {
  const parents = change.prepend ? change.path : change.path.slice(0, -1);
  let target: unknown = documents;
  for (const step of parents) target = isRecord(target) ? target[step] : undefined;
  const last = change.path.at(-1);
  if (change.prepend && Array.isArray(target)) target.unshift(change.value);
  else if (isRecord(target) && last !== undefined) target[last] = change.value;
}

export function isRecord(value: unknown): value is Record<string | number, unknown> {
  return typeof value === 'object' && value !== null;
}
