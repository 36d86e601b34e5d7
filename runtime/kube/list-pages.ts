import type { ListOptions, ListPage } from './call-options.ts';
import { KubeAnswerTooLongError } from './client.ts';
import type { InformerCache } from './informer-cache.ts';
import { compareVersions, type StoreItem } from './object-store.ts';
import type { PageSize } from './page-size.ts';

/** Which page is asked for, and how long it may be. */
type PageRequest = Pick<ListOptions, 'limit' | 'continueToken' | 'maxBytes'>;

/**
 * Reads all pages into the cache, each as small as its objects are large. Answers the list's resourceVersion.
 * @throws KubeApiError, also when the list grew too old midway: begin again
 */
export async function listPages<T extends StoreItem>(
  cache: InformerCache<T>,
  lastSeen: string | undefined,
  list: (page: PageRequest) => Promise<ListPage>,
  size: PageSize,
): Promise<string> {
  const relist = cache.beginRelist();
  let continueToken: string | undefined;
  for (;;) {
    const page = await listPage(list, continueToken, size);
    // Older than what was seen before: the cluster was restored from a backup, and the cache must follow it back.
    const force = lastSeen !== undefined && compareVersions(page.resourceVersion, lastSeen) < 0;
    relist.takePage(page.items, force);
    continueToken = page.continueToken;
    if (continueToken !== undefined) continue;
    relist.finish(page.resourceVersion, force);
    return page.resourceVersion;
  }
}

/** The next page, asked for again with fewer objects while it is too long. */
async function listPage(
  list: (page: PageRequest) => Promise<ListPage>,
  continueToken: string | undefined,
  size: PageSize,
): Promise<ListPage> {
  for (;;) {
    try {
      const page = await list({ ...size.next(), continueToken });
      size.seen(page.items.length, page.bytes);
      return page;
    } catch (error) {
      if (!(error instanceof KubeAnswerTooLongError)) throw error;
      size.tooLong();
    }
  }
}
