import axe from 'axe-core';
import type { Browser, BrowserContextOptions, Page } from 'playwright-core';

/** When the fleet of `every-state.ts` is looked at: pictures are to be the same each day. */
export const NOW = new Date('2026-07-05T01:31:00Z');

/** A page in a browser, and all that it complained of. */
export interface Visit {
  page: Page;
  /** Errors of its scripts, and requests that lead elsewhere. */
  faults: string[];
}

export interface VisitOptions extends BrowserContextOptions {
  /** What its clock stands at; undefined: it goes. */
  now?: Date;
}

/** Opens a page of the console at `url`. */
export async function visit(browser: Browser, url: string, path = '/', options: VisitOptions = {}): Promise<Visit> {
  const { now, ...context } = options;
  const made = await browser.newContext({
    viewport: { width: 1280, height: 720 },
    timezoneId: 'UTC',
    locale: 'en-GB',
    ...context,
  });
  const page = await made.newPage();
  const faults: string[] = [];
  page.on('pageerror', ({ message }) => faults.push(message));
  page.on('console', (line) => {
    if (line.type() === 'error' && !line.text().includes('401')) faults.push(line.text());
  });
  page.on('request', (request) => {
    if (!request.url().startsWith(url)) faults.push(`asked ${request.url()}`);
  });
  if (now !== undefined) await page.clock.setFixedTime(now);
  await page.goto(url + path);
  return { page, faults };
}

/** What axe finds wrong, with the elements. It is run from outside: the page's policy lets nothing in. */
export async function findFaults(page: Page): Promise<string[]> {
  const session = await page.context().newCDPSession(page);
  const evaluate = async (expression: string) => {
    const { result } = await session.send('Runtime.evaluate', { expression, awaitPromise: true, returnByValue: true });
    return String(result.value);
  };
  await evaluate(axe.source);
  const told = await evaluate(
    `axe.run().then(({ violations, passes }) => JSON.stringify([passes.length > 20 ? [] : ['axe saw nothing'], violations.map(({ id, nodes }) => id + ': ' + nodes.slice(0, 3).map(({ html }) => html).join(' '))].flat()))`,
  );
  const found: unknown = JSON.parse(told);
  return Array.isArray(found) ? found.map(String) : ['axe answers nothing'];
}
