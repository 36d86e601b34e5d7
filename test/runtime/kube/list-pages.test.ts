import { expect, it } from 'vitest';
import { objectMetaOnlySchema } from '../../../api/resources.ts';
import type { ListOptions, ListPage } from '../../../runtime/kube/call-options.ts';
import { createInformerCache } from '../../../runtime/kube/informer-cache.ts';
import { listPages } from '../../../runtime/kube/list-pages.ts';
import { createPageSize } from '../../../runtime/kube/page-size.ts';
import { silentLogger } from './fake-api-server.ts';

const resourceVersion = '7';

/** Lists of pages of one object each, and what was done in which order. */
function createScene(tokens: (string | undefined)[]) {
  const deeds: string[] = [];
  const cache = createInformerCache({
    project: (raw) => {
      const { name } = objectMetaOnlySchema.parse(raw).metadata;
      deeds.push(`take ${name}`);
      return { namespace: 'lab', name, uid: name, resourceVersion };
    },
    indexes: undefined,
    logger: silentLogger,
  });
  const list =
    (tellsAhead: boolean) =>
    async ({ continueToken, onNextPage }: ListOptions): Promise<ListPage> => {
      const token = continueToken ?? 'first';
      deeds.push(`ask ${token}`);
      const next = tokens[tokens.indexOf(continueToken) + 1];
      if (tellsAhead && next !== undefined) onNextPage?.(next, 100);
      return {
        items: [{ metadata: { namespace: 'lab', name: token, uid: token, resourceVersion } }],
        resourceVersion,
        continueToken: next,
        bytes: 100,
      };
    };
  const run = (tellsAhead: boolean) => listPages(cache, undefined, list(tellsAhead), createPageSize(500));
  return { cache, deeds, run };
}

const tokens = [undefined, 'second', 'third'];

it('asks for the next page before it parses one, and takes them in their order', async () => {
  const { cache, deeds, run } = createScene(tokens);
  expect(await run(true)).toBe(resourceVersion);
  expect(deeds.indexOf('ask second')).toBeLessThan(deeds.indexOf('take first'));
  expect(deeds.filter((deed) => deed.startsWith('take'))).toEqual(['take first', 'take second', 'take third']);
  expect(deeds.filter((deed) => deed.startsWith('ask'))).toEqual(['ask first', 'ask second', 'ask third']);
  expect(cache.store.size()).toBe(3);
});

it('asks for one page after the other where the token is told with the page only', async () => {
  const { deeds, run } = createScene(tokens);
  await run(false);
  expect(deeds).toEqual(['ask first', 'take first', 'ask second', 'take second', 'ask third', 'take third']);
});
