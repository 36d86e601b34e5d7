import { operatorVerbs, type OperatorVerb } from './machine-life.ts';

/** What a person wrote into the operation annotation of a machine. */
export type RequestedOperation = { kind: 'verb'; verb: OperatorVerb; reason: string } | { kind: 'unknown' };

const MAX_REASON_LENGTH = 1024;

/** Reads `verb` or `verb: reason`; case of the verb does not matter. */
export function parseOperation(text: string): RequestedOperation {
  const [, word = '', reason = ''] = /^\s*([A-Za-z-]+)\s*(?::\s*([^]*))?$/.exec(text) ?? [];
  const wanted = word.replaceAll('-', '').toLowerCase();
  const verb = operatorVerbs.find((known) => known.toLowerCase() === wanted);
  return verb === undefined
    ? { kind: 'unknown' }
    : { kind: 'verb', verb, reason: reason.trim().slice(0, MAX_REASON_LENGTH) };
}

/** Operation that an operator can ask of a quarantined host. */
export const UNQUARANTINE = 'unquarantine';
