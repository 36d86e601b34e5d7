import type { Browser, Page } from 'playwright-core';
import { baremetalMachines } from '../api/resources.ts';
import { startChromium } from '../dev/tools/chromium.ts';
import { hostNames, inParallel } from './bench-objects.ts';
import { type BenchSite, startBenchSite } from './bench-site.ts';
import { type Benchmark, distributionOf, formatDistribution, type Measurement } from './measurement.ts';
import { describeCpu, readPeaksMiB, readUsage } from './process-usage.ts';
import { waitUntil } from './wait-until.ts';
import { createMachineCopies, liveModel } from './machine-copies.ts';

const VISITS = 7;
const CHANGES = 100;
const WAIT = { timeoutMs: 120_000, everyMs: 50 };
const budgets = { firstMs: 1_000, changeMs: 200, memoryMiB: 300 };

/** The fleet map over machines at rest, in Chromium: from an empty page to all hosts, and from a write to the frame that shows it. */
export const fleetMap: Benchmark = {
  name: 'console',
  about: 'the fleet map in Chromium: first picture, a change on screen, memory of the console',
  async run({ machines = 10_000, progress }) {
    await using site = await startBenchSite('console');
    await createMachineCopies(site, await liveModel(site), { from: 0, to: machines }, progress);
    progress('starting the console');
    const beforeStart = await readUsage();
    const { pageUrl } = await site.startConsole();
    const started = describeCpu(beforeStart, await readUsage());
    const browser = await startChromium();
    try {
      progress(`${VISITS} visits`);
      const before = await readUsage();
      const firsts = await visitOften(browser, pageUrl, machines);
      const visits = describeCpu(before, await readUsage());
      progress(`${CHANGES} changes`);
      const beforeChanges = await readUsage();
      const changes = await changeOften(site, browser, pageUrl, machines);
      const changed = describeCpu(beforeChanges, await readUsage());
      return [
        timeRow(`first picture of ${machines} hosts`, firsts, budgets.firstMs),
        { what: 'CPU time of these visits', measured: visits },
        timeRow('write to the API server → a frame shows it', changes, budgets.changeMs),
        { what: 'CPU time of these changes', measured: changed },
        memoryRow((await readPeaksMiB()).get('console')),
        { what: 'CPU time until the console has listed all', measured: started },
      ];
    } finally {
      await browser.close();
    }
  },
};

function timeRow(what: string, samples: readonly number[], budgetMs: number): Measurement {
  const distribution = distributionOf(samples);
  const measured = formatDistribution(distribution, 'ms');
  return { what, budget: `max ≤ ${budgetMs} ms`, measured, ok: distribution.max <= budgetMs };
}

function memoryRow(peakMiB = Infinity): Measurement {
  return {
    what: 'highest resident memory of the console',
    budget: `≤ ${budgets.memoryMiB} MiB`,
    measured: `${Math.round(peakMiB)} MiB`,
    ok: peakMiB <= budgets.memoryMiB,
  };
}

/** Notes when a frame with all hosts was drawn, in milliseconds since the navigation began. */
const noteFirst = `new MutationObserver((_, observer) => {
  if (document.documentElement.dataset.shown === undefined) return;
  observer.disconnect();
  requestAnimationFrame(() => setTimeout(() => { globalThis.firstMs = performance.now(); }));
}).observe(document, { subtree: true, attributes: true, attributeFilter: ['data-shown'] });`;

/** Each visit with an empty cache, as somebody's who comes for the first time. @returns milliseconds */
async function visitOften(browser: Browser, url: string, hosts: number): Promise<number[]> {
  const samples: number[] = [];
  for (let visit = 0; visit < VISITS; visit++) {
    const page = await openPage(browser, url, hosts);
    samples.push(Number(await page.evaluate('globalThis.firstMs')));
    await page.context().close();
  }
  return samples;
}

async function openPage(browser: Browser, url: string, hosts: number): Promise<Page> {
  const context = await browser.newContext({ viewport: { width: 1280, height: 720 } });
  const page = await context.newPage();
  await page.addInitScript(noteFirst);
  await page.goto(url);
  const isDrawn = async (): Promise<boolean> => (await page.evaluate('globalThis.firstMs')) !== undefined;
  await waitUntil('the first picture', isDrawn, WAIT);
  const shown = Number(await page.evaluate('document.querySelectorAll("[role=gridcell]").length'));
  // That of the model is there, too.
  if (shown !== hosts + 1) throw new Error(`The page shows ${shown} hosts of ${hosts}`);
  return page;
}

/** Notes when a frame with a host's new look was drawn, in milliseconds since 1970. */
const noteChanges = `globalThis.changedMs = {};
new MutationObserver((changes) => {
  const keys = changes.map(({ target }) => target.dataset.key);
  requestAnimationFrame(() => setTimeout(() => {
    for (const key of keys) globalThis.changedMs[key] ??= performance.timeOrigin + performance.now();
  }));
}).observe(document.querySelector('[role=grid]'), { subtree: true, attributes: true, attributeFilter: ['class'] });`;

/** Machines all over the fleet turn Failed, one by one. @returns milliseconds from just before the write */
async function changeOften(
  { client, namespace }: BenchSite,
  browser: Browser,
  url: string,
  machines: number,
): Promise<number[]> {
  const page = await openPage(browser, url, machines);
  await page.getByText('live', { exact: true }).waitFor();
  await page.evaluate(noteChanges);
  const step = Math.max(1, Math.floor(machines / CHANGES));
  const changed = hostNames(machines).filter((_, at) => at % step === 0);
  const samples: number[] = [];
  await inParallel(changed.slice(0, CHANGES), 1, async (host) => {
    const name = host.replace('host', 'machine');
    const beganMs = performance.timeOrigin + performance.now();
    await client.patch(
      baremetalMachines,
      { namespace, name },
      { status: { phase: 'Failed' } },
      { subresource: 'status' },
    );
    const shown = `globalThis.changedMs[${JSON.stringify(`${namespace}/${host}`)}]`;
    const isShown = async (): Promise<boolean> => (await page.evaluate(shown)) !== undefined;
    await waitUntil(`${host} is shown as Failed`, isShown, WAIT);
    samples.push(Number(await page.evaluate(shown)) - beganMs);
  });
  return samples;
}
