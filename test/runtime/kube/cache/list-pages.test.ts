import { expect, it } from 'vitest';
import { z } from 'zod';
import { KubeConnectionError } from '../../../../runtime/kube/client.ts';
import { createInformerCache } from '../../../../runtime/kube/cache/informer-cache.ts';
import { createPagedLister, type ReadPage } from '../../../../runtime/kube/cache/list-pages.ts';
import { silentLogger } from '../fake-api-server.ts';

const ALL = 9_000;
const CUT_MS = 60_000;
const itemSchema = z.object({ metadata: z.object({ name: z.string(), resourceVersion: z.string() }) });

/** An API server that sends so many objects a second, and cuts each answer after a minute. */
function world(perSecond: number) {
  const clock = { nowMs: 0 };
  const asked: number[] = [];
  const project = (raw: unknown) => ({ ...itemSchema.parse(raw).metadata, namespace: 'lab', uid: 'u' });
  const cache = createInformerCache({ project, indexes: {}, logger: silentLogger });
  const readPage: ReadPage = async ({ limit = ALL, continueToken }, take) => {
    const from = Number(continueToken ?? 0);
    const to = Math.min(from + limit, ALL);
    asked.push(limit);
    const sent = Math.min(to - from, (perSecond * CUT_MS) / 1_000);
    take(
      Array.from({ length: sent }, (_, index) => ({ metadata: { name: `m${from + index}`, resourceVersion: '1' } })),
    );
    clock.nowMs += (sent / perSecond) * 1_000;
    if (from + sent < to) throw new KubeConnectionError('cut', { timedOut: false });
    return { resourceVersion: '7', continueToken: to < ALL ? String(to) : undefined };
  };
  const lister = createPagedLister<ReturnType<typeof project>>(undefined, () => clock.nowMs);
  return { asked, list: () => lister.listInto(cache, undefined, readPage) };
}

it('lists all at once where that can be had within a minute', async () => {
  const { asked, list } = world(1_000);
  expect(await list()).toBe('7');
  expect(asked).toEqual([100_000]);
});

it('asks for half of what came through where it cannot, and goes on with that', async () => {
  const { asked, list } = world(100);
  await expect(list()).rejects.toThrow('cut');
  expect(await list()).toBe('7');
  expect(asked).toEqual([100_000, 3_000, 3_000, 3_000]);
  await list();
  expect(asked.slice(4)).toEqual([3_000, 3_000, 3_000]);
});

it('never asks for less than a hundred', async () => {
  const { asked, list } = world(1);
  await expect(list()).rejects.toThrow('cut');
  await expect(list()).rejects.toThrow('cut');
  expect(asked).toEqual([100_000, 100]);
});
