import { mkdirSync } from 'node:fs';
import type { Browser } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { JournalAddress } from '../../journal/connection.ts';
import { openJournal } from '../../journal/open-journal.ts';
import { type FleetServer, startFleetServer } from '../console/fleet-server.ts';
import { type RunningConsole, runConsole } from '../console/running-console.ts';
import { useJournalDatabase } from '../journal/journal-database.ts';
import { silentLogger } from '../runtime/kube/fake-api-server.ts';
import { startChromium } from '../../dev/tools/chromium.ts';
import { everyState, inventory, machineOn } from './every-state.ts';
import { pastLives } from './past-lives.ts';
import { findFaults, NOW, type Visit, visit } from './visitor.ts';

// Earlier lives and charts, from a real PostgreSQL.

const PICTURES = new URL('../../docs/pictures/', import.meta.url).pathname;
const database = useJournalDatabase();

let browser: Browser;
let server: FleetServer;
let journal: JournalAddress;
let running: RunningConsole;
let visitor: Visit;
beforeAll(async () => {
  mkdirSync(PICTURES, { recursive: true });
  [browser, server, journal] = await Promise.all([
    startChromium(),
    startFleetServer(everyState()),
    database().create('past'),
  ]);
  const written = openJournal({ ...journal, retentionMonths: 999, logger: silentLogger });
  await written.write(pastLives());
  await written.close();
});
afterAll(async () => {
  await browser.close();
  await server.close();
});
beforeEach(async () => {
  running = await runConsole({ client: server.api.client, journal, nowMs: () => NOW.getTime() });
});
afterEach(async () => {
  await visitor.page.context().close();
  await running[Symbol.asyncDispose]();
  expect(visitor.faults).toEqual([]);
});

const words = async (selector: string) => visitor.page.locator(selector).allTextContents();

describe.each(['light', 'dark'] as const)('in %s', (colorScheme) => {
  it('shows charts, and the same figures in tables', async () => {
    const options = { now: NOW, colorScheme, reducedMotion: 'reduce', viewport: { width: 1280, height: 620 } } as const;
    visitor = await visit(browser, running.url, '/', options);
    const { page } = visitor;
    await page.getByRole('link', { name: 'Charts' }).click();
    await page.getByRole('heading', { name: 'Hosts in use' }).waitFor();
    expect(new URL(page.url()).search).toBe('?view=charts');
    expect(await page.getByRole('grid').isVisible()).toBe(false);
    await page.getByRole('img', { name: 'metal/masters: 3 in use now, from 0 to 3 in this time' }).waitFor();
    expect(await words('figcaption b')).toEqual(['web', 'db', 'masters']);
    expect(await findFaults(page)).toEqual([]);
    await page.mouse.move(1200, 600);
    await page.screenshot({ path: `${PICTURES}charts-${colorScheme}.png` });
    await page.getByText('Hosts in use, as a table').click();
    const rows = page.getByRole('table', { name: 'Hosts in use at each moment, by pool' }).getByRole('row');
    expect(await rows.first().getByRole('columnheader').allTextContents()).toEqual([
      'Time',
      'metal/web',
      'metal/db',
      'metal/masters',
    ]);
    expect(await rows.last().getByRole('cell').allTextContents()).toEqual(['24', '0', '3']);
    const steps = page.getByRole('table', { name: 'Time of each step' });
    expect(await steps.getByRole('row', { name: /^reprovision/ }).textContent()).toMatch(/m.*m/);
    expect(await findFaults(page)).toEqual([]);
    await page.getByRole('link', { name: 'metal/web-09' }).click();
    await page.getByRole('heading', { name: 'web-09', exact: true }).waitFor();
    expect(new URL(page.url()).search).toBe('?host=metal/web-09');
  });

  it('shows the lives of a host', async () => {
    visitor = await visit(browser, running.url, '/?host=metal/web-09', { now: NOW, colorScheme });
    const { page } = visitor;
    const lives = page.getByRole('region', { name: 'Lives' });
    await lives.locator('summary').first().waitFor();
    expect(await lives.locator('summary').allTextContents()).toEqual([
      'BaremetalMachine m-web-09-2, Cluster shop, from 2026-07-03, now for 1d 6h; failed: PlanFailed',
      'BaremetalMachine m-web-09-1, Cluster shop, from 2026-06-18, for 2h; failed: PlanFailed',
      'BaremetalMachine m-web-09-0, Cluster shop, from 2026-06-06, for 12d 2h',
    ]);
    await lives.locator('summary').nth(1).click();
    await lives.getByRole('row', { name: /Failed .*PlanFailed awaitPlan 1 HostAnswered/ }).waitFor();
    expect(await findFaults(page)).toEqual([]);
    // A change of the host leaves open what is open.
    const { notes } = machineOn('web-09', 'failed', 'web');
    server.put('machineinventories', inventory('web-09', notes, { zone: `rack-${colorScheme}` }));
    await page.getByRole('complementary').getByText(`rack-${colorScheme}`).waitFor();
    expect(await lives.locator('details[open]').count()).toBe(1);
  });
});

it('shows an entry that comes later, and leaves open what is open', async () => {
  visitor = await visit(browser, running.url, '/?host=metal/cp-1', { now: NOW });
  const lives = visitor.page.getByRole('region', { name: 'Lives' });
  await lives.locator('summary').click();
  const [first] = pastLives().filter(({ host }) => host === 'cp-1');
  if (first === undefined) throw new Error('cp-1 has no past');
  const late = openJournal({ ...journal, retentionMonths: 999, logger: silentLogger });
  await late.write([{ ...first, number: 9, at: NOW.getTime() - 60_000, to: 'Lost', step: 'finish', from: 'Running' }]);
  await late.close();
  await lives.getByRole('row', { name: /Lost .* finish/ }).waitFor();
});

it('says in words that there is no journal', async () => {
  await running[Symbol.asyncDispose]();
  running = await runConsole({ client: server.api.client });
  visitor = await visit(browser, running.url, '/?view=charts', { now: NOW });
  const { page } = visitor;
  await page.getByText('There is no journal: IRONLOOM_JOURNAL_URL names no database.').waitFor();
  expect(await findFaults(page)).toEqual([]);
  await page.getByRole('link', { name: 'Map' }).click();
  await page.locator('[data-key="metal/web-09"]').click();
  await page.getByRole('region', { name: 'Lives' }).getByText('There is no journal').waitFor();
  await page.getByText('Observed').first().waitFor();
});
