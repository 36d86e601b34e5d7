import { gunzipSync, gzipSync } from 'node:zlib';

/** How a file's content travels in `write_files`. */
export interface ContentEncoding {
  base64: boolean;
  gzip: boolean;
}

/** Bytes that all gzip files of one cloud-config may unpack to together. */
export const inflateLimitBytes = 8 * 1024 * 1024;

/** Remaining bytes of `inflateLimitBytes`; shared by the files of one cloud-config. */
export interface InflateBudget {
  remainingBytes: number;
}

export type DecodedContent =
  | { kind: 'text'; text: string }
  | { kind: 'binary' }
  | { kind: 'broken'; fault: 'not base64' | 'not gzip' | 'unpacks to too many bytes' };

/** The names that cloud-init knows (cloudinit/config/cc_write_files.py, canonicalize_extraction); unknown ones are plain. */
export function parseEncoding(name: string): ContentEncoding {
  const spelling = name.toLowerCase().trim();
  const gzip = /^(?:gz|gzip)(?:\+(?:b64|base64))?$/.test(spelling);
  const base64 = /^(?:(?:gz|gzip)\+)?(?:b64|base64)$/.test(spelling);
  return { base64, gzip };
}

/** Text of an encoded file; `binary` when it is not UTF-8. Gzip is unpacked within the budget. */
export function decodeContent(content: string, encoding: ContentEncoding, budget: InflateBudget): DecodedContent {
  if (!encoding.base64 && !encoding.gzip) return { kind: 'text', text: content };
  if (!encoding.base64) return { kind: 'broken', fault: 'not gzip' };
  const compact = content.replaceAll(/\s/g, '');
  if (compact.length % 4 !== 0 || !/^[A-Za-z0-9+/]*={0,2}$/.test(compact)) {
    return { kind: 'broken', fault: 'not base64' };
  }
  const bytes = Buffer.from(compact, 'base64');
  const decoded = decodeBytes(bytes, encoding, budget.remainingBytes);
  if (encoding.gzip && decoded.kind === 'text') budget.remainingBytes -= Buffer.byteLength(decoded.text);
  return decoded;
}

/** Text of bytes that may be packed. @param limitBytes of what they unpack to */
export function decodeBytes(bytes: Buffer, { gzip }: { gzip: boolean }, limitBytes: number): DecodedContent {
  if (!gzip) return decodeText(bytes);
  if (bytes[0] !== 0x1f || bytes[1] !== 0x8b) return { kind: 'broken', fault: 'not gzip' };
  try {
    return decodeText(gunzipSync(bytes, { maxOutputLength: Math.max(1, limitBytes) }));
  } catch (error) {
    const tooLarge = error instanceof RangeError;
    return { kind: 'broken', fault: tooLarge ? 'unpacks to too many bytes' : 'not gzip' };
  }
}

/** The inverse of `decodeContent`. */
export function encodeContent(text: string, encoding: ContentEncoding): string {
  const bytes = Buffer.from(text, 'utf8');
  return (encoding.gzip ? gzipSync(bytes, { level: 9 }) : bytes).toString('base64');
}

function decodeText(bytes: Buffer): DecodedContent {
  try {
    return { kind: 'text', text: new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes) };
  } catch {
    return { kind: 'binary' };
  }
}
