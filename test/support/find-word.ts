import { gunzipSync } from 'node:zlib';

const DEPTH_LIMIT = 6;
const UNPACKED_LIMIT_BYTES = 16 * 1024 * 1024;

/** Whether a word stands in the content: as it is, or inside of base64 and gzip, one in the other. */
export function holdsWord(content: string | Uint8Array, word: string, depth = 0): boolean {
  const bytes = typeof content === 'string' ? Buffer.from(content, 'utf8') : Buffer.from(content);
  const text = bytes.toString('latin1');
  if (text.includes(Buffer.from(word, 'utf8').toString('latin1'))) return true;
  if (depth >= DEPTH_LIMIT) return false;
  const unpacked = unpack(bytes);
  if (unpacked !== undefined && holdsWord(unpacked, word, depth + 1)) return true;
  return candidates(text).some((candidate) => holdsWord(candidate, word, depth + 1));
}

/** Every string and every run of bytes anywhere in a value is searched. Answers the path of the first find. */
export function findWord(value: unknown, word: string, path = ''): string | undefined {
  if (typeof value === 'string' || value instanceof Uint8Array) return holdsWord(value, word) ? path : undefined;
  if (typeof value !== 'object' || value === null) return undefined;
  for (const [key, item] of Object.entries(value)) {
    if (holdsWord(key, word)) return `${path}.${key}`;
    const found = findWord(item, word, `${path}.${key}`);
    if (found !== undefined) return found;
  }
  return undefined;
}

/** What base64 in a text may stand for. What comes before a run, an escape for example, may shift it. */
function candidates(text: string): Buffer[] {
  const runs = text.match(/[A-Za-z0-9+/_-]{24,}/g) ?? [];
  return runs.flatMap((run) => [0, 1, 2, 3].map((offset) => Buffer.from(run.slice(offset), 'base64')));
}

function unpack(bytes: Buffer): Buffer | undefined {
  if (bytes[0] !== 0x1f || bytes[1] !== 0x8b) return undefined;
  try {
    return gunzipSync(bytes, { maxOutputLength: UNPACKED_LIMIT_BYTES });
  } catch {
    return undefined;
  }
}
