import { expect } from 'vitest';
import { annotations } from '../../api/constants.ts';
import { type MetricDefinition, metricDefinitions } from '../../runtime/metric-definitions.ts';
import { findInventory, untilAllocationState, untilPoolCounts } from '../support/hosts.ts';
import {
  beginOn,
  conditionOf,
  deleteMachine,
  untilGone,
  untilProvisioned,
  untilReason,
  waitForMachine,
} from '../support/machines.ts';
import { readMetrics, untilMetric, valueOf } from '../support/metrics.ts';
import { metricsIn, readExpressions } from '../support/monitoring.ts';
import type { Site } from '../support/site.ts';
import { siteTest } from '../support/site-test.ts';
import { requestOperation } from '../support/trap-hosts.ts';

// What both processes tell Prometheus, of a site where a host works and another one fails twice.
const good = 'me-good';
const bad = 'me-bad';
const definitions = Object.values<MetricDefinition>(metricDefinitions);

const test = siteTest('metrics', { hosts: [good, bad], env: { IRONLOOM_RESYNC_PERIOD: '2s' } });

const workerOf = (site: Site): string => site.workers[0]?.url ?? '';

async function countFailures(site: Site): Promise<string | undefined> {
  return (await findInventory(site, bad))?.metadata.annotations[annotations.failures];
}

test("each process shows the metrics that the table says, and Temporal's with them", async ({ site }) => {
  const shown = async (url: string): Promise<string[]> =>
    [...(await readMetrics(url)).kinds.keys()].filter((name) => name.startsWith('ironloom_')).toSorted();
  const wanted = (...from: MetricDefinition['from'][]): string[] =>
    definitions
      .filter((definition) => from.includes(definition.from))
      .map(({ name }) => name)
      .toSorted();
  expect(await shown(site.bridge.url)).toEqual(wanted('both', 'bridge', 'leader'));
  expect(await shown(workerOf(site))).toEqual(wanted('both', 'worker'));
  const { kinds } = await readMetrics(workerOf(site));
  for (const { name, kind } of definitions) if (kinds.has(name)) expect(kinds.get(name), name).toBe(kind);
  await untilMetric(workerOf(site), 'temporal_num_pollers', { poller_type: 'workflow_task' }, (value) => value > 0);
});

test('one bridge leads, and only it shows the fleet', async ({ site }) => {
  await untilMetric(site.bridge.url, 'ironloom_leader', {}, (value) => value === 1);
  await untilMetric(site.bridge.url, 'ironloom_runs_missing', {}, (value) => value === 0);
  const second = await site.start('bridge', 'second');
  const { samples } = await readMetrics(second.url);
  expect(valueOf(samples, 'ironloom_leader', {})).toBe(0);
  const leaders = definitions.filter(({ from }) => from === 'leader').map(({ name }) => String(name));
  expect(samples.filter(({ name }) => leaders.includes(name))).toEqual([]);
  await second.stop();
});

test('a machine that runs is counted, with its claim, its phases and its plan', async ({ site }) => {
  const { namespace } = site;
  await beginOn(site, good);
  await untilProvisioned(site, good);
  const place = { namespace, pool: good };
  await untilMetric(
    site.bridge.url,
    'ironloom_machines',
    { ...place, phase: 'Running', reason: 'Ready' },
    (it) => it === 1,
  );
  await untilPoolCounts(site, good, { total: 1, allocated: 1 });
  await untilMetric(site.bridge.url, 'ironloom_hosts', { ...place, state: 'allocated' }, (it) => it === 1);
  const { samples } = await readMetrics(workerOf(site));
  expect(valueOf(samples, 'ironloom_claim_duration_seconds_count', { outcome: 'claimed' })).toBe(1);
  expect(valueOf(samples, 'ironloom_plans_total', { type: 'reprovision', result: 'applied' })).toBe(1);
  const stay = { phase: 'Reprovisioning', next: 'Running' };
  expect(valueOf(samples, 'ironloom_machine_phase_duration_seconds_count', stay)).toBe(1);
});

test('a host that fails again is counted on its inventory and shown by name', async ({ site }) => {
  const { namespace } = site;
  const place = { namespace, pool: bad };
  await site.host(bad).failStep('elemental upgrade', 2);
  await beginOn(site, bad);
  await untilReason(site, bad, 'PlanApplied', 'PlanFailed');
  await untilAllocationState(site, bad, 'Unavailable');
  expect(await countFailures(site)).toBe('1');
  expect(valueOf((await readMetrics(site.bridge.url)).samples, 'ironloom_host_failures', place)).toBeUndefined();
  await requestOperation(site, bad, 'retry: once more');
  await untilMetric(site.bridge.url, 'ironloom_host_failures', { ...place, host: bad }, (it) => it === 2);
  const failed = { ...place, phase: 'Failed', reason: 'PlanFailed' };
  await untilMetric(site.bridge.url, 'ironloom_machines', failed, (it) => it === 1);
  const unready = { ...place, reason: 'PlanFailed' };
  await untilMetric(site.bridge.url, 'ironloom_machines_longest_unready_seconds', unready, (it) => it > 0);
  const { samples } = await readMetrics(workerOf(site));
  expect(valueOf(samples, 'ironloom_plans_total', { type: 'reprovision', result: 'failed' })).toBe(2);
  expect(valueOf(samples, 'ironloom_operations_total', { verb: 'retry', result: 'accepted' })).toBe(1);
});

test('a success forgets what failed', async ({ site }) => {
  await requestOperation(site, bad, 'retry: mended');
  await waitForMachine(site, bad, 'Running', (machine) => conditionOf(machine, 'Ready')?.status === 'True');
  expect(await countFailures(site)).toBeUndefined();
  await untilMetric(
    site.bridge.url,
    'ironloom_hosts_stranded',
    { namespace: site.namespace, pool: bad },
    (it) => it === 0,
  );
  // The host comes to the bridge over another watch than the machine.
  const place = { namespace: site.namespace, pool: bad, host: bad };
  await untilMetric(site.bridge.url, 'ironloom_host_failures', place, undefined);
});

test('alerts and dashboards name nothing that no process shows', async ({ site }) => {
  const shown = await Promise.all([site.bridge.url, workerOf(site)].map(readMetrics));
  const kinds = new Map(shown.flatMap((it) => [...it.kinds]));
  const named = new Set(readExpressions().flatMap(({ expr }) => metricsIn(expr)));
  const isShown = (name: string): boolean =>
    kinds.has(name) || kinds.get(name.replace(/_(bucket|sum|count)$/, '')) === 'histogram';
  expect(named.size).toBeGreaterThan(20);
  expect([...named].filter((name) => !isShown(name))).toEqual([]);
});

test('a machine that went is counted no more', async ({ site }) => {
  await deleteMachine(site, good);
  await untilGone(site, good);
  await untilMetric(workerOf(site), 'ironloom_plans_total', { type: 'clean', result: 'applied' }, (it) => it === 1);
  const stay = { phase: 'Preparing', next: 'Gone' };
  await untilMetric(workerOf(site), 'ironloom_machine_phase_duration_seconds_count', stay, (it) => it === 1);
  const runs = { namespace: site.namespace, pool: good, phase: 'Running', reason: 'Ready' };
  await untilMetric(site.bridge.url, 'ironloom_machines', runs, undefined);
});
