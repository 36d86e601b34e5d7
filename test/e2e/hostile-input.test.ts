import { readFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { randomUUID } from 'node:crypto';
import { expect } from 'vitest';
import { z } from 'zod';
import { createInventory } from '../../dev/elemental/operator.ts';
import { planSecrets } from '../../dev/elemental/plan-secret.ts';
import { checksumOf } from '../../domain/plan/document.ts';
import { hostileBootstrap } from '../support/hostile-bootstrap.ts';
import { conditionOf, createMachine, createPool, untilProvisioned, untilReason } from '../support/machines.ts';
import type { Site } from '../support/site.ts';
import { siteTest } from '../support/site-test.ts';

const stallSchema = z.object({ process: z.string(), at: z.number(), stallMs: z.number() });
const stallsPath = join(tmpdir(), `stalls-${randomUUID()}.jsonl`);
const kinds = Object.values(hostileBootstrap);
const hostile = Array.from({ length: 50 }, (_, index) => ({ name: `hi-${index}`, kind: kinds[index % kinds.length] }));

const test = siteTest('hostile', {
  hosts: ['hi-first', 'hi-good'],
  env: {
    NODE_OPTIONS: `--import=${new URL('../support/stall-recorder.ts', import.meta.url).href}`,
    IRONLOOM_TEST_STALLS: stallsPath,
  },
});

// They never get a plan, so nobody need be there to apply one.
test.beforeAll(async ({ site }) => {
  await Promise.all(hostile.map(({ name }) => registerHost(site, name)));
}, 240_000);

/** An inventory that is Ready, without a host behind it. */
async function registerHost(site: Site, name: string): Promise<void> {
  const key = { namespace: site.namespace, name };
  await createInventory(site.client, { ...key, spec: {} });
  const checksum = Buffer.from(checksumOf('{}')).toString('base64');
  await site.client.patch(planSecrets, key, { data: { 'applied-checksum': checksum } });
}

/** The longest time since then that worker or bridge did nothing else, in ms of CPU. */
async function longestStall(since: number): Promise<z.infer<typeof stallSchema>> {
  const lines = (await readFile(stallsPath, 'utf8').catch(() => '')).split('\n').filter((line) => line !== '');
  const stalls = lines.map((line) => stallSchema.parse(JSON.parse(line))).filter(({ at }) => at >= since);
  return stalls.toSorted((a, b) => b.stallMs - a.stallMs)[0] ?? { process: 'none', at: since, stallMs: 0 };
}

test('fifty hostile Secrets hold up nobody, and the good one among them gets its machine', async ({ site }) => {
  await createPool(site, 'hi-first', ['hi-first']);
  await createPool(site, 'hi-good', ['hi-good']);
  await createPool(
    site,
    'hi',
    hostile.map(({ name }) => name),
  );
  // What a process does for the first time it loads and compiles.
  await createMachine(site, { name: 'hi-first', pool: 'hi-first' });
  await untilProvisioned(site, 'hi-first');
  const since = Date.now();
  await Promise.all([
    ...hostile.map(({ name, kind }) => createMachine(site, { name, pool: 'hi', userData: kind?.userData ?? '' })),
    createMachine(site, { name: 'hi-good', pool: 'hi-good' }),
  ]);
  await untilProvisioned(site, 'hi-good');
  for (const { name, kind } of hostile) {
    const machine = await untilReason(site, name, 'BootstrapReady', 'BootstrapInvalid');
    expect(conditionOf(machine, 'BootstrapReady')?.message).toMatch(new RegExp(`too complex|${kind?.place}`));
  }
  const longest = await longestStall(since);
  console.log(`the longest stall: ${longest.stallMs.toFixed(0)} ms, in ${longest.process}`);
  expect(longest.stallMs).toBeLessThan(100);
}, 300_000);
