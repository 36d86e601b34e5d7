import { mkdirSync } from 'node:fs';
import type { Browser, BrowserContextOptions, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { createTokenAccess } from '../../console/token-access.ts';
import { cellStates } from '../../domain/report/fleet/fleet-cell.ts';
import { type FleetServer, startFleetServer } from '../console/fleet-server.ts';
import { type RunningConsole, runConsole } from '../console/running-console.ts';
import { silentLogger } from '../runtime/kube/fake-api-server.ts';
import { startChromium } from '../../dev/tools/chromium.ts';
import { everyState, HOSTILE, inventory, machineOn } from './every-state.ts';
import { findFaults, NOW, visit as open } from './visitor.ts';

const PICTURES = new URL('../../docs/pictures/', import.meta.url).pathname;

let browser: Browser;
let server: FleetServer;
let running: RunningConsole;
let page: Page;
let faults: string[];
beforeAll(async () => {
  browser = await startChromium();
  mkdirSync(PICTURES, { recursive: true });
});
afterAll(() => browser.close());
beforeEach(async () => {
  server = await startFleetServer(everyState());
  running = await runConsole({ client: server.api.client });
  faults = [];
});
afterEach(async () => {
  await page.context().close();
  await running[Symbol.asyncDispose]();
  await server.close();
  expect(faults).toEqual([]);
});

async function visit(path = '/', options: BrowserContextOptions = {}): Promise<void> {
  ({ page, faults } = await open(browser, running.url, path, { now: NOW, ...options }));
}
const grid = () => page.getByRole('grid').waitFor();
const cell = (name: string) => page.locator(`[data-key="metal/${name}"]`);
const panel = () => page.getByRole('complementary', { name: 'Details' });
const shownCells = () => page.locator('[role=gridcell]:not([hidden])').count();

describe('the picture', () => {
  it('has every state, and counters that add up to the hosts', async () => {
    await visit();
    await grid();
    const states = await page.evaluate<string[]>(
      `Array.from(document.querySelectorAll('.counters button:not([hidden])'), ({ dataset }) => dataset.state)`,
    );
    expect(new Set(states)).toEqual(new Set(cellStates));
    const counts = await page.locator('.counters button:not([hidden]) b').allTextContents();
    const sum = counts.reduce((total, text) => total + Number(text), 0);
    expect([sum, await shownCells()]).toEqual([40, 40]);
    expect(await page.locator('#total').textContent()).toBe('40 hosts');
  });

  it('tells states apart without colour, and rings what is late or refused', async () => {
    await visit();
    await grid();
    const letters = new Map<string, string>();
    for (const [name, text] of [
      ['web-05', 'R'],
      ['web-09', 'F'],
      ['db-1', 'Q'],
      ['db-7', 'M'],
      ['web-01', ''],
      ['web-25', ''],
    ] as const) {
      letters.set(name, (await cell(name).textContent()) ?? '');
      expect([name, letters.get(name)]).toEqual([name, text]);
    }
    const look = (name: string, of: string) =>
      page.evaluate<string>(`getComputedStyle(document.querySelector('[data-key="metal/${name}"]')).${of}`);
    expect(await look('web-25', 'backgroundColor')).toBe('rgba(0, 0, 0, 0)');
    expect(await look('web-01', 'backgroundColor')).not.toBe('rgba(0, 0, 0, 0)');
    expect(await look('web-07', 'boxShadow')).not.toBe('none');
    expect(await look('web-18', 'boxShadow')).not.toBe('none');
    expect(await look('web-13', 'outlineStyle')).toBe('dashed');
    expect(await look('web-01', 'boxShadow')).toBe('none');
  });

  it('follows the fleet', async () => {
    await visit();
    await grid();
    const { machine, notes } = machineOn('web-25', 'busy', 'web');
    server.put('baremetalmachines', machine);
    server.put('machineinventories', inventory('web-25', notes));
    await cell('web-25').and(page.locator('.Reprovisioning')).waitFor();
    server.remove('machineinventories', inventory('spare-1'));
    await cell('spare-1').waitFor({ state: 'detached' });
    expect(await page.locator('#total').textContent()).toBe('39 hosts');
  });

  it('shows words of others as words', async () => {
    await visit('/?q=db-4');
    await grid();
    await cell('db-4').click();
    await panel().getByText('Observed').waitFor();
    const told = (await panel().textContent()) ?? '';
    expect(told).toContain('<img src=x onerror="document.title=1">\uFFFDgpj.exe');
    expect(told).not.toContain('\u202E');
    expect(HOSTILE).toContain('\u202E');
    expect(await page.locator('img[src=x]').count()).toBe(0);
    expect(await page.title()).toBe('Fleet · Ironloom');
    expect(
      await panel()
        .getByRole('button', { name: /^Copy ironloom force/ })
        .count(),
    ).toBe(0);
  });
});

describe('finding', () => {
  it('keeps what is looked for in the URL, and finds it there again', async () => {
    await visit();
    await grid();
    await page.getByLabel('Failure domain').selectOption('rack-a');
    await page.getByRole('button', { name: 'Running' }).click();
    await page.getByLabel('Search hosts').fill('web');
    await expect.poll(() => new URL(page.url()).search).toBe('?q=web&state=Running&domain=rack-a');
    const seen = await shownCells();
    expect(seen).toBeGreaterThan(0);
    await page.reload();
    await grid();
    expect(await shownCells()).toBe(seen);
    expect(await page.getByLabel('Search hosts').inputValue()).toBe('web');
    await page.getByRole('button', { name: 'Show all' }).click();
    expect([await shownCells(), new URL(page.url()).search]).toEqual([40, '']);
  });

  it.each([
    ['?cluster=ledger', 7],
    ['?pool=metal/masters', 3],
    ['?reason=PlanFailed', 1],
    ['?state=Quarantined', 1],
    ['?q=m-web-09', 1],
    ['?q=nothing-like-that', 0],
  ])('takes %s from somebody', async (query, count) => {
    await visit(`/${query}`);
    await page.locator('#main .map').waitFor({ state: 'attached' });
    expect(await shownCells()).toBe(count);
    expect(await page.getByText('No host is like that.').isVisible()).toBe(count === 0);
  });
});

describe('without a mouse', () => {
  it('is walked by arrows, opened by Enter, closed by Escape', async () => {
    await visit();
    await grid();
    const focused = () => page.evaluate<string>(`document.activeElement.getAttribute('data-key')`);
    const press = async (key: string) => {
      await page.keyboard.press(key);
      return focused();
    };
    expect(await page.locator('[role=gridcell][tabindex="0"]').count()).toBe(1);
    await page.locator('[role=gridcell][tabindex="0"]').focus();
    expect(await focused()).toBe('metal/db-1');
    expect(await press('ArrowRight')).toBe('metal/db-2');
    expect(await press('End')).toBe('metal/db-8');
    expect(await press('ArrowRight')).toBe('metal/cp-1');
    expect(await press('ArrowDown')).toBe('metal/web-01');
    expect(await press('PageUp')).toBe('metal/cp-1');
    expect(await press('Control+End')).toBe('metal/spare-1');
    expect(await press('Control+Home')).toBe('metal/db-1');
    await press('ArrowRight');
    await press('Enter');
    await panel().getByRole('heading', { name: 'db-2' }).waitFor();
    expect(await page.evaluate('document.activeElement.tagName')).toBe('H2');
    expect(new URL(page.url()).search).toBe('?host=metal/db-2');
    expect(await press('Escape')).toBe('metal/db-2');
    expect([await panel().isVisible(), new URL(page.url()).search]).toEqual([false, '']);
  });

  it('reads hosts out', async () => {
    await visit();
    await page
      .getByRole('gridcell', { name: 'web-09 is held by a machine that failed, machine m-web-09, PlanFailed' })
      .waitFor();
    await page.getByRole('gridcell', { name: /^web-07 is being reprovisioned, over its deadline/ }).waitFor();
  });
});

describe.each(['light', 'dark'] as const)('in %s', (colorScheme) => {
  it('has no accessibility fault, and makes the pictures of the guide', async () => {
    await visit('/', { colorScheme, reducedMotion: 'reduce' });
    await grid();
    expect(await findFaults(page)).toEqual([]);
    await page.screenshot({ path: `${PICTURES}fleet-${colorScheme}.png` });
    await cell('web-09').click();
    await panel().getByRole('heading', { name: 'Machine m-web-09' }).waitFor();
    await panel().getByText('There is no journal').waitFor();
    await page.mouse.move(0, 0);
    expect(await findFaults(page)).toEqual([]);
    await page.screenshot({ path: `${PICTURES}host-${colorScheme}.png` });
  });
});

describe('in a cluster', () => {
  it('asks for a token, keeps it out of the URL, and asks again when it is not known any more', async () => {
    const access = createTokenAccess({
      client: server.api.client,
      logger: silentLogger,
      nowMs: () => performance.now(),
    });
    await using guarded = await runConsole({ client: server.api.client, access });
    server.users.set('token-of-ada', { username: 'ada', groups: [] });
    await visit();
    await page.goto(guarded.url);
    const token = page.getByLabel('Bearer token of Kubernetes');
    faults.length = 0;
    await token.fill('wrong');
    await page.keyboard.press('Enter');
    await page.getByText('Kubernetes does not know this token').waitFor();
    expect(await findFaults(page)).toEqual([]);
    await token.fill('token-of-ada');
    await page.keyboard.press('Enter');
    await grid();
    expect(page.url()).not.toContain('token');
    expect(await page.evaluate('document.cookie')).toBe('');
    await page.goto('about:blank');
    faults.length = 0;
  });
});
