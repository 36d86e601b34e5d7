import { z } from 'zod';
import { toKubeApiError } from './error.ts';

/** One event of a watch; `ERROR` events are thrown as KubeApiError instead. */
export interface WatchEvent {
  type: 'ADDED' | 'MODIFIED' | 'DELETED' | 'BOOKMARK';
  object: unknown;
}

const watchLineSchema = z.object({
  type: z.enum(['ADDED', 'MODIFIED', 'DELETED', 'BOOKMARK', 'ERROR']),
  object: z.unknown(),
});

// Kubernetes refuses objects above 3 MiB; a longer line is not an event.
const MAX_LINE_CHARS = 16 * 1024 * 1024;

/** What came over a watch is no watch event; the connection must be made anew. */
export class WatchProtocolError extends Error {
  override readonly name = 'WatchProtocolError';
}

/**
 * Reads watch events from JSON lines. A last line without newline is an event cut in half and is dropped.
 * @throws KubeApiError for an ERROR event (410 = list again), WatchProtocolError for anything that is no event
 */
export async function* readWatchEvents(chunks: AsyncIterable<Uint8Array>, what: string): AsyncGenerator<WatchEvent> {
  const decoder = new TextDecoder();
  let rest = '';
  for await (const chunk of chunks) {
    rest += decoder.decode(chunk, { stream: true });
    let start = 0;
    for (let end = rest.indexOf('\n'); end !== -1; end = rest.indexOf('\n', start)) {
      const line = rest.slice(start, end).trim();
      start = end + 1;
      if (line !== '') yield parseLine(line, what);
    }
    rest = rest.slice(start);
    if (rest.length > MAX_LINE_CHARS) throw new WatchProtocolError(`${what}: endless line in the watch`);
  }
}

function parseLine(line: string, what: string): WatchEvent {
  let json: unknown;
  try {
    json = JSON.parse(line);
  } catch {
    throw new WatchProtocolError(`${what}: a line of the watch is no JSON (${line.length} characters)`);
  }
  const parsed = watchLineSchema.safeParse(json);
  if (!parsed.success) throw new WatchProtocolError(`${what}: a line of the watch is no event`);
  const { type, object } = parsed.data;
  if (type === 'ERROR') throw toKubeApiError(what, 500, object, false);
  return { type, object };
}
