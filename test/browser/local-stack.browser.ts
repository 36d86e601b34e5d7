import { expect } from 'vitest';
import { annotations } from '../../api/constants.ts';
import { machineInventories } from '../../api/resources.ts';
import { readPageUrl, startService } from '../../dev/lab/services.ts';
import { startChromium } from '../../dev/tools/chromium.ts';
import { connectJournal } from '../../journal/connection.ts';
import { startJournalDatabase } from '../journal/journal-database.ts';
import { buttonPhases, lifts } from '../support/button-phases.ts';
import { runCliOn } from '../support/cli.ts';
import { createPool, untilGone } from '../support/machines.ts';
import { siteTestOn } from '../support/site-test.ts';
import { useStack } from '../support/stack.ts';
import { findFaults, type Visit, visit } from './visitor.ts';

// The fleet map of a real API server, with bridge, worker, hosts and a journal: machines where their lives lead them.

/** How each machine gets where it is; it bears the name of its host and of its pool. */
const ways = {
  runs: 'running',
  waits: 'waiting for bootstrap data',
  writes: 'reprovisioning',
  fails: 'waiting for an operator',
  cleans: 'cleaning',
  halts: 'halted',
} as const;
const names = Object.keys(ways);
const looks = {
  runs: 'Running',
  waits: 'Allocated',
  writes: 'Reprovisioning',
  fails: 'Failed',
  cleans: 'Preparing',
  halts: 'refused',
  free: 'Free',
  kept: 'Quarantined',
  none: 'Missing',
  spare: 'Spare',
} as const;

const test = siteTestOn(
  async ({ onCleanup }) => {
    const database = await startJournalDatabase();
    const { url, password } = await database.create('stack');
    onCleanup(() => database.close());
    return { ...useStack(), journal: { url, password } };
  },
  'map',
  { hosts: [...names, 'free', 'kept', 'spare'], workers: 0 },
)
  .extend('browser', { scope: 'file' }, async ({}, { onCleanup }) => {
    const browser = await startChromium();
    onCleanup(() => browser.close());
    return browser;
  })
  .extend('variables', { scope: 'file' }, ({ cluster: { journal } }) => ({
    IRONLOOM_JOURNAL_URL: journal.url,
    IRONLOOM_JOURNAL_PASSWORD: journal.password,
  }));

let url: string;
let visitor: Visit;
test.beforeAll(async ({ site, cluster, variables }) => {
  await site.start('worker', 'worker', variables);
  await createPool(site, 'others', ['free', 'kept', 'none']);
  const keepOut = { metadata: { annotations: { [annotations.quarantine]: 'ada: new disk' } } };
  await site.client.patch(machineInventories, { namespace: site.namespace, name: 'kept' }, keepOut);
  await Promise.all(Object.entries(ways).map(async ([name, way]) => buttonPhases[way]?.begin(site, name)));
  const reader = await makeReader(cluster.journal);
  const fleetMap = await startService(cluster, {
    kind: 'console',
    name: `${site.namespace}-console`,
    env: { ...reader, IRONLOOM_WATCH_NAMESPACE: site.namespace, IRONLOOM_CONSOLE_ADDRESS: '127.0.0.1:0' },
  });
  stops.push(() => fleetMap.stop());
  url = await readPageUrl(fleetMap);
}, 180_000);
const stops: (() => Promise<unknown>)[] = [];
test.beforeEach(async ({ browser }) => {
  visitor = await visit(browser, url);
  await visitor.page.getByRole('grid').waitFor();
});
test.afterEach(async () => {
  await visitor.page.context().close();
  expect(visitor.faults).toEqual([]);
});
test.afterAll(async () => {
  await Promise.all(Array.from(lifts.values(), (lift) => lift()));
  await Promise.all(stops.map((stop) => stop()));
});

/** The console needs no more than what Grafana has. */
async function makeReader(journal: { url: string; password: string }): Promise<Record<string, string>> {
  const pool = connectJournal(journal, () => {});
  await pool.query("create role console login password 'c'");
  await pool.query('grant ironloom_journal_reader to console');
  await pool.end();
  const address = new URL(journal.url);
  address.username = 'console';
  return { IRONLOOM_JOURNAL_URL: address.href, IRONLOOM_JOURNAL_PASSWORD: 'c' };
}

const cell = (namespace: string, name: string) => visitor.page.locator(`[data-key="${namespace}/${name}"]`);
const isShown = (namespace: string, name: string, look: string) =>
  cell(namespace, name)
    .and(visitor.page.locator(`.${look}`))
    .waitFor();

test('each host looks as its life is', async ({ site }) => {
  for (const [name, look] of Object.entries(looks)) await isShown(site.namespace, name, look);
  expect(await visitor.page.getByRole('gridcell').count()).toBe(Object.keys(looks).length);
  expect(await visitor.page.locator('#total').textContent()).toBe('10 hosts');
  expect(await findFaults(visitor.page)).toEqual([]);
});

test('an opened host says what the tool says, and what the journal knows', async ({ site, cluster, variables }) => {
  await cell(site.namespace, 'fails').click();
  const panel = visitor.page.getByRole('complementary', { name: 'Details' });
  const life = panel.getByRole('region', { name: 'Lives' }).locator('summary').first();
  await life.waitFor();
  const shown = (await panel.textContent()) ?? '';
  const { stdout } = await runCliOn(cluster, variables, 'explain', 'host', `${site.namespace}/fails`);
  for (const head of ['Expected', 'Observed', 'Next']) {
    const line = stdout.split('\n').find((text) => text.startsWith(head)) ?? '';
    expect([head, shown]).toEqual([head, expect.stringContaining(line.slice(10))]);
  }
  const words = /^Life +(.*), now for/m.exec(stdout)?.[1] ?? 'no life is told';
  expect(await life.textContent()).toContain(words);
  expect(await life.textContent()).toContain('failed: PlanFailed');
  await life.click();
  await panel.getByRole('row', { name: /Failed .*PlanFailed awaitPlan 1 HostAnswered/ }).waitFor();
  expect(await findFaults(visitor.page)).toEqual([]);
});

test('what happens is seen without asking again, and is in the journal then', async ({ site }) => {
  await isShown(site.namespace, 'cleans', 'Preparing');
  await buttonPhases['cleaning']?.release(site, 'cleans');
  await buttonPhases['reprovisioning']?.release(site, 'writes');
  await isShown(site.namespace, 'cleans', 'Free');
  await isShown(site.namespace, 'writes', 'Running');
  await untilGone(site, 'cleans');
  await cell(site.namespace, 'cleans').click();
  const lives = visitor.page.getByRole('region', { name: 'Lives' });
  await expect.poll(() => lives.locator('summary').allTextContents(), { timeout: 30_000 }).toHaveLength(1);
  await lives.locator('summary').click();
  await lives.getByRole('row', { name: /Available .*Preparing.* release Step/ }).waitFor();
});

test('the charts are of these lives', async ({ site }) => {
  const { page } = visitor;
  await page.getByRole('link', { name: 'Charts' }).click();
  await page.getByRole('img', { name: `${site.namespace}/runs: 1 in use now` }).waitFor();
  const failures = page.getByRole('table', { name: 'Hosts that fail most' }).getByRole('row').last();
  expect(await failures.textContent()).toBe(`${site.namespace}/failsreprovision1`);
  expect(await findFaults(page)).toEqual([]);
});
