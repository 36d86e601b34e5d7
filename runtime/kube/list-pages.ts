import type { ListOptions, ListPage } from './call-options.ts';
import { KubeAnswerTooLongError } from './client.ts';
import type { InformerCache } from './informer-cache.ts';
import { compareVersions, type StoreItem } from './object-store.ts';
import type { PageSize } from './page-size.ts';

/** Which page is asked for, and how long it may be. */
type PageRequest = Pick<ListOptions, 'limit' | 'continueToken' | 'maxBytes' | 'onNextPage'>;

/**
 * Reads all pages into the cache, each as small as its objects are large, and asks for the next one while it parses one.
 * Answers the list's resourceVersion.
 * @throws KubeApiError, also when the list grew too old midway: begin again
 */
export async function listPages<T extends StoreItem>(
  cache: InformerCache<T>,
  lastSeen: string | undefined,
  list: (page: PageRequest) => Promise<ListPage>,
  size: PageSize,
): Promise<string> {
  const relist = cache.beginRelist();
  let next = listPage(list, undefined, size);
  for (;;) {
    const { page, ahead } = await next;
    // Older than what was seen before: the cluster was restored from a backup, and the cache must follow it back.
    const force = lastSeen !== undefined && compareVersions(page.resourceVersion, lastSeen) < 0;
    relist.takePage(page.items, force);
    if (page.continueToken !== undefined) {
      next = ahead ?? listPage(list, page.continueToken, size);
      continue;
    }
    relist.finish(page.resourceVersion, force);
    return page.resourceVersion;
  }
}

interface Listed {
  page: ListPage;
  /** The next page, if it was asked for already. */
  ahead: Promise<Listed> | undefined;
}

/** A page, asked for again with fewer objects while it is too long. */
async function listPage(
  list: (page: PageRequest) => Promise<ListPage>,
  continueToken: string | undefined,
  size: PageSize,
): Promise<Listed> {
  for (;;) {
    const asked = size.next();
    let ahead: Promise<Listed> | undefined;
    const onNextPage = (token: string, bytes: number): void => {
      // Whoever has a successor is full.
      size.seen(asked.limit, bytes);
      ahead = listPage(list, token, size);
      // It is heard of when its turn comes.
      ahead.catch(() => undefined);
    };
    try {
      const page = await list({ ...asked, continueToken, onNextPage });
      if (ahead === undefined) size.seen(page.items.length, page.bytes);
      return { page, ahead };
    } catch (error) {
      if (!(error instanceof KubeAnswerTooLongError)) throw error;
      size.tooLong();
    }
  }
}
