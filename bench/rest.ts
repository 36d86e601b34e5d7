import { startBenchSite } from './bench-site.ts';
import { drawGrowth } from './growth-chart.ts';
import { createMachineCopies, liveModel } from './machine-copies.ts';
import { measureMeanwhile } from './meanwhile.ts';
import { type Benchmark, formatSeconds, type Measurement } from './measurement.ts';
import { measureOutage } from './outage.ts';
import { describeCpu, readUsage } from './process-usage.ts';
import { measureRest, measureRestart, type RestStage, waitForRest, WINDOW_MS } from './rest-stage.ts';

/** Of all machines, where it is measured. */
const SHARES = [0.1, 0.3, 1];
/** CPU time that an idle Node process may use, as a share of one core. */
const IDLE_SHARE = 0.01;
const budgets = { workerMiB: 350, bridgeMiB: 220, restartMs: 6_000, adoptionPerSecond: 67 };

/**
 * Machines at rest, more and more of them. One is brought to Running for real; the others get copies of what its life left
 * in the API server. Temporal knows nothing of them: the bridge starts every run, as after a loss of Temporal's data, and
 * each adopts its machine. Then nothing may happen any more.
 */
export const rest: Benchmark = {
  name: 'rest',
  about:
    'machines that have come to rest: adoption, signals, API writes, CPU, memory, a restart of the bridge; how it grows',
  async run({ machines = 10_000, progress, draw }) {
    await using site = await startBenchSite('rest');
    const model = await liveModel(site);
    const worker = await site.start('worker', 'worker-at-rest');
    const stages: RestStage[] = [];
    let meanwhile: Measurement[] = [];
    let outage: Measurement[] = [];
    let cpu = '';
    for (const to of SHARES.map((share) => Math.max(1, Math.round(share * machines)))) {
      const from = stages.at(-1)?.machines ?? 0;
      await createMachineCopies(site, model, { from, to }, progress);
      progress('starting the bridge: every run is started and adopts its machine');
      const before = await readUsage();
      const startedAtMs = performance.now();
      const bridge = await site.start('bridge', `bridge-of-${to}`);
      if (to === machines) meanwhile = await measureMeanwhile(site, { from, to });
      const endedAtMs = await waitForRest(site, to, progress);
      cpu = describeCpu(before, await readUsage());
      const adopted = { machines: to, adopted: to - from, adoptedMs: endedAtMs - startedAtMs };
      progress(`some minutes of rest with ${to} machines`);
      const atRest = await measureRest(site, bridge);
      await bridge.stop();
      const { bridge: again, ...restarted } = await measureRestart(() => site.start('bridge', `bridge-again-of-${to}`));
      stages.push({ ...adopted, ...atRest, ...restarted });
      if (to === machines) {
        progress('the API server is away for a minute');
        outage = await measureOutage(site, { worker, bridge: again, machines });
      }
      // The next machines are made without it.
      await again.stop();
    }
    draw('growth.svg', drawGrowth(stages));
    const [last] = stages.slice(-1);
    if (last === undefined) return [];
    return [
      ...describeStage(last),
      ...meanwhile,
      ...outage,
      { what: `CPU time of the last ${last.adopted} adoptions`, measured: cpu },
      ...describeGrowth(stages),
    ];
  },
};

function describeStage(stage: RestStage): Measurement[] {
  const { machines, signals, writes, restartSignals, adopted, adoptedMs } = stage;
  const during = `${machines} machines at rest for ${WINDOW_MS / 1000} s`;
  const rate = (adopted / adoptedMs) * 1_000;
  return [
    { what: `${during}: signals`, budget: '0', measured: String(signals), ok: signals === 0 },
    {
      what: `${during}: API writes`,
      budget: '0',
      measured: [String(writes.length), ...new Set(writes)].slice(0, 4).join(', '),
      ok: writes.length === 0,
    },
    shareRow('bridge', stage.bridgeShare),
    shareRow('worker', stage.workerShare),
    memoryRow('worker', stage.workerMiB, budgets.workerMiB),
    memoryRow('bridge', stage.bridgeMiB, budgets.bridgeMiB, ', after it started runs'),
    {
      what: `restart of the bridge with ${machines} machines: in sync`,
      budget: `≤ ${budgets.restartMs / 1_000} s`,
      measured: formatSeconds(stage.restartMs),
      ok: stage.restartMs <= budgets.restartMs,
    },
    { what: 'signals after that restart', budget: '0', measured: String(restartSignals), ok: restartSignals === 0 },
    memoryRow('bridge', stage.restartedMiB, budgets.bridgeMiB, ' after that restart'),
    {
      what: `adoption of the last ${adopted} machines, which Temporal does not know`,
      budget: `≥ ${budgets.adoptionPerSecond} a second`,
      measured: `${rate.toFixed(1)} a second (${formatSeconds(adoptedMs)})`,
      ok: rate >= budgets.adoptionPerSecond,
    },
  ];
}

function shareRow(label: string, share: number): Measurement {
  return {
    what: `CPU of the ${label} meanwhile`,
    budget: `≤ ${IDLE_SHARE * 100} % of a core`,
    measured: `${(share * 100).toFixed(2)} %`,
    ok: share <= IDLE_SHARE,
  };
}

function memoryRow(label: string, rss: number, budgetMiB: number, when = ''): Measurement {
  return {
    what: `memory of the ${label}${when}`,
    budget: `≤ ${budgetMiB} MiB`,
    measured: `${Math.round(rss)} MiB`,
    ok: rss <= budgetMiB,
  };
}

function describeGrowth(stages: readonly RestStage[]): Measurement[] {
  const at = stages.map(({ machines }) => machines).join(', ');
  const row = (what: string, show: (stage: RestStage) => string): Measurement => ({
    what: `${what}, with ${at} machines`,
    measured: stages.map(show).join(', '),
  });
  return [
    row('memory of the worker', ({ workerMiB }) => `${Math.round(workerMiB)} MiB`),
    row('memory of the bridge after a restart', ({ restartedMiB }) => `${Math.round(restartedMiB)} MiB`),
    row('restart of the bridge', ({ restartMs }) => formatSeconds(restartMs)),
    row('adoptions a second', ({ adopted, adoptedMs }) => ((adopted / adoptedMs) * 1_000).toFixed(1)),
  ];
}
