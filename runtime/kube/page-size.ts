/** How many objects the next page of a list is to hold, by the bytes of those before. */
export interface PageSize {
  /** What to ask for. `maxBytes` undefined: one object is not to be had in less. */
  next(): { limit: number; maxBytes: number | undefined };
  /** A page came. */
  seen(items: number, bytes: number): void;
  /** A page was longer than `maxBytes` and thrown away. */
  tooLong(): void;
}

/** A page is held as text and as objects, by several informers at the same time. */
const TARGET_BYTES = 2 * 1024 * 1024;
const MAX_BYTES = 4 * TARGET_BYTES;
const FIRST_ITEMS = 16;
/** Small objects may be followed by large ones: from page to page, and once that has happened. */
const GROWTH = { usual: 4, careful: 1.25 };

/** See `PageSize`, for one list. Never more than `maxItems`. */
export function createPageSize(maxItems: number): PageSize {
  let limit = Math.min(FIRST_ITEMS, maxItems);
  let growth = GROWTH.usual;
  return {
    next: () => ({ limit, maxBytes: limit > 1 ? MAX_BYTES : undefined }),
    seen(items, bytes) {
      const fitting = items === 0 ? maxItems : Math.floor((TARGET_BYTES * items) / Math.max(bytes, 1));
      limit = Math.max(1, Math.min(fitting, Math.ceil(limit * growth), maxItems));
    },
    tooLong() {
      limit = Math.max(1, Math.floor(limit / GROWTH.usual));
      growth = GROWTH.careful;
    },
  };
}
