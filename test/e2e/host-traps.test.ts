import { describe, expect } from 'vitest';
import { elementalInventories } from '../../dev/elemental/inventory.ts';
import { encodeOutputs } from '../../dev/elemental/host-plan.ts';
import { planSecrets, readText, toValue } from '../../dev/elemental/plan-secret.ts';
import { checksumOf } from '../../domain/plan/document.ts';
import { untilRunSettled } from '../support/host-answers.ts';
import { allocationState, findInventory, getPlanSecret, untilPoolCounts } from '../support/hosts.ts';
import {
  conditionOf,
  createMachine,
  deleteMachine,
  findMachine,
  untilGone,
  untilProvisioned,
  untilReason,
} from '../support/machines.ts';
import { currentRunId, listResetPoints, refOf, resetRun, untilStage } from '../support/runs.ts';
import type { Site } from '../support/site.ts';
import {
  commandsOf,
  meddle,
  outputNames,
  planTypesOf,
  requestOperation,
  runsOf,
  untilRuns,
  untilSecret,
} from '../support/trap-hosts.ts';
import { waitFor } from '../support/wait-for.ts';
import {
  begin,
  beginOnSilent,
  bringUp,
  expectOnlyOrders,
  remove,
  trapTest,
  untilFailed,
  untilJoined,
} from '../support/trap-site.ts';

/*
 * Each trap of the host agent, and the tests that hold it: those of host-traps*.test.ts, named by the trap's number, and
 *
 *  1  domain/plan-secret.test.ts         readPlanResult, all rows
 *     e2e/bad-input.test.ts              garbage while the host is at it is no answer
 *  2  e2e/temporal-buttons.test.ts       %s is where it was after each button, and goes on to its end
 *  3  domain/plan-scripts.test.ts        are the plans that people reviewed
 *                                        writes a marker that clears the node once, restores the seed and removes itself
 *  4  domain/plan-scripts.test.ts        schedules the reboot again in the same boot, and does nothing after it
 *  5  domain/plan-secret.test.ts         is one patch with all that must change together
 *  6  domain/plan-document.test.ts       renders only plans that the host agent can read, whatever stands in their parts
 *     e2e/host-failures.test.ts          that is silent is reported after the deadline, and a late answer counts
 *  7  domain/plan-scripts.test.ts        takes back the node that a pending reboot would make
 *  8  domain/plan-secret.test.ts         is one patch with all that must change together
 *  9  e2e/host-failures.test.ts          that gets somebody else's plan is reported and not written to any more
 *     e2e/bad-input.test.ts              garbage instead of our plan is somebody else
 * 10  domain/plan-secret.test.ts         is one patch with all that must change together
 * 11  domain/failure-output.test.ts      says why it cannot be read: %s
 *     e2e/bad-input.test.ts              an output of 900 KiB is read; an output that unpacks to 64 MiB is not
 * 12  domain/plan-scripts.test.ts        names the failed step %s, leaves no mark and can run again
 * 13  domain/plan-scripts.test.ts        fit into a Secret with the largest parts that are let through
 * 17  domain/plan-scripts.test.ts        hold no user-data in the script, which the agent logs
 *     e2e/canary.test.ts                 no log line and no metric of worker and bridge holds the canary
 * 18  domain/plan-scripts.test.ts        writes a marker that clears the node once, restores the seed and removes itself
 * 19  e2e/network-replay.test.ts         with a stock image, which forgets the seed at the reboot, gets it back with the network
 *
 * That the simulated hosts fall into the traps as real ones do is held by dev/host-agent*.test.ts and
 * dev/simulated-host*.test.ts.
 */

const test = trapTest('traps');

const bootIdPath = '/proc/sys/kernel/random/boot_id';

describe.concurrent('results', () => {
  test('trap 1: a failure stays one when somebody turned the agent to plan-state mode, which calls it applied', async ({
    site,
    hosts,
  }) => {
    const host = await hosts.addWithPool('ht-state');
    await beginOnSilent(site, host);
    const { data } = await getPlanSecret(site, 'ht-state');
    // What such an agent leaves a moment after its failure, see dev/host-agent.test.ts.
    await meddle(site, 'ht-state', {
      'plan-state': 'failed',
      'plan-revision': '1',
      'applied-checksum': checksumOf(Buffer.from(data['plan'] ?? '', 'base64')),
      'failed-checksum': '',
      'failure-count': '0',
    });
    await untilFailed(site, 'ht-state', 1);
    await requestOperation(site, 'ht-state', 'retry');
    host.neverAnswer(false);
    await untilProvisioned(site, 'ht-state');
    const after = (await getPlanSecret(site, 'ht-state')).data;
    // An agent that merges after a conflict leaves both as empty keys, which it reads as absent.
    expect([readText(after, 'plan-state'), readText(after, 'plan-revision')]).toEqual(['', '']);
  });

  test('trap 2: Applied stays although a later start of the agent fails and loses it', async ({ site, hosts }) => {
    const host = await hosts.addWithPool('ht-latch');
    await bringUp(site, host);
    await untilRuns(host, 2);
    await host.disk.remove(bootIdPath);
    host.restartAgent();
    const lost = await untilSecret(
      site,
      'ht-latch',
      'lost Applied',
      ({ data }) => readText(data, 'failed-checksum') !== '' && readText(data, 'applied-checksum') === '',
    );
    // The inventory mirrors the loss, and a run that knows nothing of before begins with it.
    await waitFor('the inventory is not Ready', async () => {
      const conditions = (await findInventory(site, 'ht-latch'))?.status?.conditions ?? [];
      return conditions.some(({ type, reason }) => type === 'Ready' && reason === 'PlanFailure');
    });
    await beginRunAnew(site, 'ht-latch', 'running');
    const machine = await findMachine(site, 'ht-latch');
    expect(machine?.status).toMatchObject({ phase: 'Running', ready: true });
    expect(conditionOf(machine, 'PlanApplied')?.status).toBe('True');
    await untilPoolCounts(site, 'ht-latch', { total: 1, allocated: 1, unavailable: 0 });
    expect((await getPlanSecret(site, 'ht-latch')).metadata.resourceVersion).toBe(lost.metadata.resourceVersion);
    expect(planTypesOf(host)).toEqual([undefined, 'reprovision']);
    await remove(site, host);
  });

  test('traps 3 and 4: however often the agent starts, each step ran once, nothing is wiped and nothing reboots', async ({
    site,
    hosts,
  }) => {
    const host = await hosts.addWithPool('ht-again');
    await bringUp(site, host);
    await untilRuns(host, 2);
    const steps = async () => (await commandsOf(host)).filter((line) => !line.startsWith('timeout '));
    const before = await steps();
    // The status says that it has joined before the step that wrote it is in the history.
    const length = await untilRunSettled(site, 'ht-again');
    await host.disk.write('/var/lib/kubelet/pods/work', 'kept');
    for (let start = 1; start <= 5; start += 1) {
      const runs = runsOf(host);
      if (start % 2 === 0) await host.reboot();
      else host.restartAgent();
      await untilRuns(host, runs + 1);
    }
    expect(await steps()).toEqual(before);
    for (const step of ['cloud-init clean', 'elemental upgrade', 'shutdown']) {
      expect(await commandsOf(host, step), step).toHaveLength(1);
    }
    expect(host.bootCount).toBe(4);
    expect(await host.disk.read('/var/lib/kubelet/pods/work')).toBe('kept');
    await untilJoined(host);
    // Each start was answered again; that told the run nothing.
    expect(await untilRunSettled(site, 'ht-again')).toBe(length);
    expect((await findMachine(site, 'ht-again'))?.status?.phase).toBe('Running');
  });

  test('trap 10: what failed shows no output of earlier successes', async ({ site, hosts }) => {
    const host = await hosts.addWithPool('ht-outputs');
    await untilSecret(site, 'ht-outputs', 'its first answer', ({ data }) => readText(data, 'applied-checksum') !== '');
    const earlier = toValue('ironloom: step upgrade failed with exit code 77\n');
    const applied = encodeOutputs({ 'ironloom-reprovision': earlier, somebody: earlier });
    const key = { namespace: site.namespace, name: 'ht-outputs' };
    await site.client.patch(planSecrets, key, { data: { 'applied-output': applied } });
    await host.failStep('cloud-init clean', 1);
    await begin(site, 'ht-outputs');
    expect(await untilFailed(site, 'ht-outputs', 1)).toContain('Step clean-cloud-init failed with exit code 1');
    expect(outputNames(await getPlanSecret(site, 'ht-outputs'), 'failed-output')).toEqual(['ironloom-reprovision']);
    await requestOperation(site, 'ht-outputs', 'retry');
    await untilProvisioned(site, 'ht-outputs');
    await host.failStep('systemctl stop', 1);
    await deleteMachine(site, 'ht-outputs');
    expect(await untilFailed(site, 'ht-outputs', 1)).toContain('Step stop-kubelet failed with exit code 1');
    expect(outputNames(await getPlanSecret(site, 'ht-outputs'), 'failed-output')).toEqual(['ironloom-clean']);
    await requestOperation(site, 'ht-outputs', 'retry');
    await untilGone(site, 'ht-outputs');
  });

  test('trap 14: a host whose clock is years off lives and fails like any other', async ({ site, hosts }) => {
    const host = await hosts.addWithPool('ht-clock');
    const years = 3 * 365 * 24 * 3600 * 1000;
    host.faults.clockOffsetMs = years;
    await host.failStep('elemental upgrade', 1);
    await begin(site, 'ht-clock');
    await untilFailed(site, 'ht-clock', 1);
    const lastApply = readText((await getPlanSecret(site, 'ht-clock')).data, 'last-apply-time');
    expect(lastApply).toContain(String(new Date(Date.now() + years).getUTCFullYear()));
    host.faults.clockOffsetMs = -years;
    await requestOperation(site, 'ht-clock', 'retry');
    await untilProvisioned(site, 'ht-clock');
    await untilJoined(host);
    await remove(site, host);
  });

  test('trap 16: what the inventory says of a plan decides nothing', async ({ site, hosts }) => {
    const host = await hosts.addWithPool('ht-mirror');
    await beginOnSilent(site, host);
    await createMachine(site, { name: 'ht-mirror-next', pool: 'ht-mirror' });
    await untilReason(site, 'ht-mirror-next', 'InventoryAllocated', 'PoolExhausted');
    const written = await getPlanSecret(site, 'ht-mirror');
    const checksum = checksumOf(Buffer.from(written.data['plan'] ?? '', 'base64'));
    for (const state of ['Failed', 'Applied'] as const) {
      const key = { namespace: site.namespace, name: 'ht-mirror' };
      const found = await site.client.get(elementalInventories, key);
      const conditions = (found.status?.conditions ?? []).map((condition) =>
        condition.type === 'Ready' ? { ...condition, status: state === 'Applied' ? 'True' : 'False' } : condition,
      );
      const status = { conditions, plan: { ...found.status?.plan, state, checksum } };
      await site.client.patch(elementalInventories, key, { status }, { subresource: 'status' });
      // elemental-operator mends Ready and keeps the state of a plan that it does not know.
      await waitFor(`the mirror says ${state} and is not Ready`, async () => {
        const { status: now } = await site.client.get(elementalInventories, key);
        const ready = now?.conditions.find(({ type }) => type === 'Ready');
        return now?.plan?.state === state && ready?.reason === 'WaitingForPlan' && ready.status === 'False';
      });
    }
    // Later than the mirror's news, the deadline passes: whoever had believed them would not wait any more.
    await untilReason(site, 'ht-mirror', 'PlanApplied', 'PlanTimedOut');
    expect(await allocationState(site, 'ht-mirror')).toBe('Reprovisioning');
    expect((await findMachine(site, 'ht-mirror-next'))?.status?.phase).toBe('Pending');
    expect((await getPlanSecret(site, 'ht-mirror')).metadata.resourceVersion).toBe(written.metadata.resourceVersion);
    host.neverAnswer(false);
    await untilProvisioned(site, 'ht-mirror');
  });
});

test('trap 5: each write of ours to a plan Secret was a new plan, or gave the host back', expectOnlyOrders);

/** Sets the machine's run back to its beginning; waits until it is `stage` again. */
async function beginRunAnew(site: Site, name: string, stage: string): Promise<void> {
  const ref = await refOf(site, name);
  const runId = await currentRunId(site, ref);
  const [eventId] = await listResetPoints(site, ref, runId);
  if (eventId === undefined) throw new Error(`No event to reset ${name} to`);
  await resetRun(site, ref, { runId, eventId });
  await untilStage(site, ref, stage, runId);
}
