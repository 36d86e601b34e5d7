/** Longest name of an object in Kubernetes. */
export const MAX_NAME = 253;
/** uids have 36 characters. */
export const MAX_UID = 64;
/** An attempt id has some 50 characters, a checksum 64. */
export const MAX_TOKEN = 128;
/** An operator's verb with the longest reason that is kept. */
export const MAX_OPERATION = 1_100;

const ELLIPSIS = '…';

/**
 * Cuts what a host or a tenant wrote where it is read. A cut text ends in a character that no name, uid or id has, and so
 * equals none of them. It is a copy: a slice would keep the whole text in memory.
 */
export function boundText(text: string, max: number): string {
  if (text.length <= max) return text;
  return Buffer.from(text.slice(0, max - 1), 'utf16le').toString('utf16le') + ELLIPSIS;
}

/** The same for a text that may be absent. */
export function bounded(text: string | undefined, max: number): string | undefined {
  return text === undefined ? undefined : boundText(text, max);
}

/** The text was, as far as one can tell, longer than `max`. */
export function isCutText(text: string, max: number): boolean {
  return text.length === max && text.endsWith(ELLIPSIS);
}
