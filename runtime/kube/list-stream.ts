import { KubeConnectionError } from './error.ts';

const codes = { quote: 0x22, backslash: 0x5c, openList: 0x5b, closeList: 0x5d, openObject: 0x7b, closeObject: 0x7d };
/** Brackets that are open between two items. */
const ITEMS_DEPTH = 2;
/** Of a string that is longer, the end is looked for natively. */
const SHORT_STRING = 64;
// Kubernetes refuses objects above 3 MiB; a longer item is none.
const MAX_ITEM_BYTES = 16 * 1024 * 1024;

/**
 * Takes a list apart as it arrives, so that nobody ever holds more of it than an item: gives the items that each chunk ends to
 * `take`, and answers the list without its items.
 * @throws KubeConnectionError when the answer is no whole list
 */
export async function readListStream(
  chunks: AsyncIterable<Uint8Array>,
  what: string,
  take: (items: unknown[]) => void,
): Promise<unknown> {
  const splitter = new ListSplitter();
  try {
    for await (const chunk of chunks) {
      const items = splitter.split(Buffer.from(chunk.buffer, chunk.byteOffset, chunk.length));
      if (items.length > 0) take(items);
    }
    return splitter.finish();
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    throw new KubeConnectionError(`${what}: the answer is no list`, { timedOut: false });
  }
}

/** Finds where items begin and end, by nothing but brackets and quotes. @throws SyntaxError when something is no JSON */
class ListSplitter {
  #depth = 0;
  #isInString = false;
  #isEscaped = false;
  #isInItems = false;
  /** The list without its items. */
  readonly #envelope: Buffer[] = [];
  /** The part of an item that earlier chunks brought. */
  #begun: Buffer[] = [];
  #begunBytes = 0;

  split(chunk: Buffer): unknown[] {
    const items: unknown[] = [];
    let depth = this.#depth;
    let isInString = this.#isInString;
    let isEscaped = this.#isEscaped;
    let longAt = SHORT_STRING;
    /** Where that part of the envelope, or of an item, begins which is not kept yet. */
    let from = 0;
    for (let at = 0; at < chunk.length; at++) {
      const code = chunk[at];
      if (isInString) {
        if (isEscaped) isEscaped = false;
        else if (code === codes.backslash) isEscaped = true;
        else if (code === codes.quote) isInString = false;
        else if (at === longAt) at = skipPlain(chunk, at);
      } else if (code === codes.quote) {
        isInString = true;
        longAt = at + SHORT_STRING;
      } else if (code === codes.openObject || code === codes.openList) {
        if (this.#isInItems && depth === ITEMS_DEPTH) from = at;
        depth += 1;
        if (depth !== ITEMS_DEPTH || code !== codes.openList) continue;
        this.#isInItems = this.#isAfterItemsKey(chunk.subarray(from, at));
        if (this.#isInItems) this.#envelope.push(Buffer.from(chunk.subarray(from, at + 1)));
      } else if (code === codes.closeObject || code === codes.closeList) {
        depth -= 1;
        if (!this.#isInItems || depth > ITEMS_DEPTH) continue;
        if (depth === ITEMS_DEPTH) items.push(JSON.parse(this.#endItem(chunk.subarray(from, at + 1))));
        else {
          this.#isInItems = false;
          from = at;
        }
      }
    }
    this.#depth = depth;
    this.#isInString = isInString;
    this.#isEscaped = isEscaped;
    if (!this.#isInItems) this.#envelope.push(Buffer.from(chunk.subarray(from)));
    else if (depth > ITEMS_DEPTH) this.#keep(chunk.subarray(from));
    return items;
  }

  finish(): unknown {
    return JSON.parse(Buffer.concat(this.#envelope).toString());
  }

  #isAfterItemsKey(before: Buffer): boolean {
    return /"items"\s*:\s*$/.test(Buffer.concat([...this.#envelope, before]).toString());
  }

  #keep(part: Buffer): void {
    this.#begun.push(Buffer.from(part));
    this.#begunBytes += part.length;
    if (this.#begunBytes > MAX_ITEM_BYTES) throw new SyntaxError('An endless item');
  }

  #endItem(end: Buffer): string {
    if (this.#begun.length === 0) return end.toString();
    const whole = Buffer.concat([...this.#begun, end]).toString();
    this.#begun = [];
    this.#begunBytes = 0;
    return whole;
  }
}

/** The last place that is surely within the string that goes on at `at`: before its end, the end of the chunk, or a backslash. */
function skipPlain(chunk: Buffer, at: number): number {
  const quote = chunk.indexOf(codes.quote, at);
  const end = quote === -1 ? chunk.length : quote;
  const backslash = chunk.subarray(at, end).indexOf(codes.backslash);
  return backslash === -1 ? end - 1 : at + backslash - 1;
}
