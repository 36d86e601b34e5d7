import { expect } from 'vitest';
import { annotations } from '../../api/constants.ts';
import { planActivityId } from '../../domain/plan/attempt.ts';
import { machineWorkflowId } from '../../domain/life/run-id.ts';
import { letAnswer, plansReceived } from '../support/host-answers.ts';
import { createKillPlan, listKillPoints } from '../support/kill-plan.ts';
import { type Site, summarise } from '../support/site.ts';
import { gatedStack, siteTestOn } from '../support/site-test.ts';
import { waitFor } from '../support/wait-for.ts';

/*
 * The worker reaches the API server through a gate that stops each machine at a write of its own: before the write is
 * done, or after it and before the worker learns of it. When all have come to their points the worker is killed, so
 * that one SIGKILL hits every step of a life, each exactly where it was meant to.
 */

const attachPoints = listKillPoints('attach');
const detachPoints = listKillPoints('detach');
const hosts = attachPoints.map((_, index) => `wc${String(index).padStart(2, '0')}`);

const killPlan = createKillPlan();
const test = siteTestOn(
  gatedStack((write) => killPlan.decide(write)),
  'wcrash',
  { hosts, replicas: attachPoints.length },
);

let worker: Site['workers'][number] | undefined;
let kills = 0;
const uids = new Set<string>();

test.beforeAll(({ site }) => {
  [worker] = site.workers;
});

test('killed at each step to Running, every machine ends Running on a host of its own', async ({ site, ledger }) => {
  killPlan.aim(attachPoints, silence(site));
  await site.deploy();
  await killAtEachPoint(site);
  await site.untilRunning(hosts.length, { timeoutMs: 150_000 });
  const machines = await site.machines();
  for (const { metadata } of machines) uids.add(metadata.uid);
  expect(new Set(machines.map(({ status }) => status?.machineInventoryRef?.name))).toEqual(new Set(hosts));
  for (const host of hosts) expect(plansReceived(site, host)).toEqual([undefined, 'reprovision']);
  expect(ledger.findBreaches()).toEqual([]);
}, 300_000);

test('killed at each step of the deletion, every host ends clean and available', async ({ site }) => {
  expect(detachPoints.length).toBeLessThanOrEqual(hosts.length);
  killPlan.aim(detachPoints, silence(site));
  await site.scale(0);
  await killAtEachPoint(site);
  await waitFor(
    'all machines are gone and all hosts available',
    async () => (await site.machines()).length === 0 && (await site.pool()).status?.available === hosts.length,
    async () => ({ machines: await summarise(site), pool: (await site.pool()).status }),
    { timeoutMs: 150_000 },
  );
  for (const { metadata } of await site.inventories()) {
    expect(metadata.annotations).toMatchObject({
      [annotations.allocationState]: 'Available',
      [annotations.pool]: 'workers',
    });
    expect(Object.keys(metadata.annotations).filter((name) => name.includes('/owner-'))).toEqual([]);
  }
}, 300_000);

test('one plan per attempt, one owner per host, one host per machine, over both', async ({ site, ledger }) => {
  for (const host of hosts) {
    expect(plansReceived(site, host), host).toEqual([undefined, 'reprovision', 'clean']);
    const attempts = ledger.plansOf(host);
    expect(attempts.map((attempt) => attempt.split('-').slice(0, 2).join('-'))).toEqual(['reprovision-1', 'clean-1']);
  }
  expect(ledger.findBreaches()).toEqual([]);
  const takings = ledger.ownerChanges().filter(({ to }) => to !== undefined);
  expect(takings).toHaveLength(hosts.length);
  expect(new Set(takings.map(({ to }) => to))).toEqual(uids);
  expect(new Set(takings.map(({ host }) => host))).toEqual(new Set(hosts));
});

test('every run is completed', async ({ site }) => {
  await waitFor('no run of the site is open', async () => {
    const query = `TaskQueue='${site.namespace}' AND ExecutionStatus='Running'`;
    return (await site.temporal.workflow.count(query)).count === 0;
  });
});

const silence = (site: Site) => (host: string) => site.host(host).neverAnswer();

/** Kills and restarts the worker until each of the points that the kill plan aims at was one of its deaths. */
async function killAtEachPoint(site: Site): Promise<void> {
  while (!killPlan.isDone()) {
    await waitFor(
      'machines came to their kill points',
      async () => {
        await noticeWaiting(site);
        return killPlan.isTimeToKill();
      },
      async () => ({
        machines: await summarise(site),
        victims: killPlan.victims().filter(({ state }) => state !== 'killed'),
        unassigned: killPlan.unassigned(),
      }),
      { timeoutMs: 90_000, everyMs: 50 },
    );
    await worker?.kill();
    const killed = killPlan.takeKilled();
    await Promise.all(killed.filter(({ side }) => side === 'waiting').map(({ host = '' }) => letAnswer(site, [host])));
    worker = await site.start('worker', `worker-after-${++kills}`);
  }
}

async function noticeWaiting(site: Site): Promise<void> {
  const silenced = killPlan.victims().filter(({ state }) => state === 'silenced');
  if (silenced.length === 0) return;
  const machines = await site.machines();
  for (const victim of silenced) {
    const machine = machines.find(({ metadata }) => metadata.name === victim.machine);
    const phase = victim.write === 'reportPreparing' ? 'Preparing' : 'Reprovisioning';
    if (machine?.status?.phase !== phase) continue;
    const { raw } = await site.temporal.workflow.getHandle(machineWorkflowId(machine.metadata)).describe();
    const host = machine.status.machineInventoryRef?.name ?? '';
    const awaited = planActivityId(phase === 'Preparing' ? 'clean' : 'reprovision', 1, host);
    if (raw.pendingActivities?.some(({ activityId }) => activityId === awaited)) killPlan.reach(victim);
  }
}
