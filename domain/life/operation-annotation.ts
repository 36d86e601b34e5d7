/** What a person wrote into the operation annotation of an object. */
export type RequestedOperation<Verb extends string> =
  | { kind: 'verb'; verb: Verb; reason: string }
  | { kind: 'unknown' };

const MAX_REASON_LENGTH = 1024;

/** Reads `verb` or `verb: reason`; case of the verb, and dashes in it, do not matter. */
export function parseOperation<Verb extends string>(text: string, verbs: readonly Verb[]): RequestedOperation<Verb> {
  const [, word = '', reason = ''] = /^\s*([A-Za-z-]+)\s*(?::\s*([^]*))?$/.exec(text) ?? [];
  const wanted = word.replaceAll('-', '').toLowerCase();
  const verb = verbs.find((known) => known.toLowerCase() === wanted);
  return verb === undefined
    ? { kind: 'unknown' }
    : { kind: 'verb', verb, reason: reason.trim().slice(0, MAX_REASON_LENGTH) };
}
