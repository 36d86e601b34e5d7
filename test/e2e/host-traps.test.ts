import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { annotations, foreign } from '../../api/constants.ts';
import { baremetalMachines, machineInventories, machineInventoryPools, secrets } from '../../api/resources.ts';
import { elementalAnnotations, elementalInventories } from '../../dev/elemental-inventory.ts';
import { touchInventory } from '../../dev/elemental-operator.ts';
import { encodeOutputs } from '../../dev/host-plan.ts';
import { planSecrets, readText, toValue } from '../../dev/host-plan-secret.ts';
import { readAuditEvents } from '../../dev/kube-audit.ts';
import type { SimulatedHost } from '../../dev/simulated-host.ts';
import { checksumOf } from '../../domain/plan-document.ts';
import { cleanupMarkerPath, hostStateFolder, seedFolder } from '../../domain/plan-script.ts';
import { userDataLimitBytes } from '../../domain/cloud-init.ts';
import { renderJoinConfig } from '../support/bootstrap-data.ts';
import { deployCluster } from '../support/clusters.ts';
import {
  allocationState,
  expectReleased,
  findInventory,
  getPlanSecret,
  untilAllocationState,
  untilPoolCounts,
} from '../support/hosts.ts';
import { listHostWrites, markAudit } from '../support/host-writes.ts';
import {
  bootstrapSecretOf,
  conditionOf,
  createMachine,
  createPool,
  deleteMachine,
  findMachine,
  type MachineRequest,
  untilGone,
  untilProvisioned,
  untilReason,
  waitForMachine,
} from '../support/machines.ts';
import { type ObjectRecorder, recordObjects } from '../support/object-recorder.ts';
import { currentRunId, listResetPoints, refOf, resetRun, untilStage } from '../support/runs.ts';
import { fetchHistory, type Site, startSite } from '../support/site.ts';
import { useStack } from '../support/stack.ts';
import {
  commandsOf,
  meddle,
  outputNames,
  planTypesOf,
  removePlanSecret,
  requestOperation,
  runsOf,
  startTrapHosts,
  type TrapHostOptions,
  type TrapHosts,
  untilCommand,
  untilRuns,
  untilSecret,
} from '../support/trap-hosts.ts';
import { waitFor } from '../support/wait-for.ts';

/*
 * Each trap of the host agent, and the tests that hold it: those of this file, named by the trap's number, and
 *
 *  1  domain/plan-secret.test.ts         readPlanResult, all rows
 *     e2e/bad-input.test.ts              garbage while the host is at it is no answer
 *  2  e2e/temporal-ui.test.ts            "Terminate" is healed in every phase: a new run adopts what is there and writes no plan
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

type RecordedSecret = Awaited<ReturnType<typeof getPlanSecret>>;

/** A reboot that does not come while the test lasts. */
const never = { rebootDelayMs: 3_600_000 };
const bootIdPath = '/proc/sys/kernel/random/boot_id';

let site: Site;
let hosts: TrapHosts;
let recorder: ObjectRecorder<RecordedSecret>;
const trapped: string[] = [];

beforeAll(async () => {
  site = await startSite('traps', { hosts: [], replicas: 0, env: { IRONLOOM_REPROVISION_DEADLINE: '5s' } });
  await deployCluster(site, useStack());
  recorder = await recordObjects(site, planSecrets);
  hosts = await startTrapHosts(site);
});

afterAll(async () => {
  await hosts.stop();
  await recorder.stop();
  await site.close();
});

/** A host, and a pool of it, all of the same name as the machine that `begin` makes. */
async function addHost(name: string, options: TrapHostOptions = {}): Promise<SimulatedHost> {
  trapped.push(name);
  await createPool(site, name, [name]);
  return hosts.add(name, options);
}

async function begin(name: string, request: Partial<MachineRequest> = {}): Promise<void> {
  await createMachine(site, { name, pool: name, ...request });
}

/** The machine waits for its host, which is silent. */
async function beginOnSilent(host: SimulatedHost): Promise<void> {
  host.neverAnswer();
  await begin(host.name);
  await untilReason(site, host.name, 'PlanApplied', 'PlanPending');
}

/** The host runs the machine's node. */
async function bringUp(host: SimulatedHost): Promise<void> {
  await begin(host.name);
  await untilProvisioned(site, host.name);
  await untilJoined(host);
}

async function untilJoined(host: SimulatedHost): Promise<void> {
  const isJoined = (): boolean => host.node?.registered === true && host.node.running;
  await waitFor(`${host.name} has joined`, isJoined, () => ({ node: host.node, problem: host.joinProblem }), {
    timeoutMs: 90_000,
  });
}

async function remove(host: SimulatedHost): Promise<void> {
  await deleteMachine(site, host.name);
  await untilGone(site, host.name);
  await expectReleased(site, host.name);
}

async function untilFailed(name: string, attempt: number): Promise<string> {
  const machine = await waitForMachine(site, name, `failed by attempt ${attempt}`, (found) => {
    const condition = conditionOf(found, 'PlanApplied');
    return condition?.reason === 'PlanFailed' && condition.message.includes(`attempt ${attempt},`);
  });
  expect(machine.status?.phase).toBe('Failed');
  return conditionOf(machine, 'PlanApplied')?.message ?? '';
}

const upgradesOf = async (host: SimulatedHost): Promise<number> => (await commandsOf(host, 'elemental upgrade')).length;

describe.concurrent('results', () => {
  test('trap 1: a failure stays one when somebody turned the agent to plan-state mode, which calls it applied', async () => {
    const host = await addHost('ht-state');
    await beginOnSilent(host);
    const { data } = await getPlanSecret(site, 'ht-state');
    // What such an agent leaves a moment after its failure, see dev/host-agent.test.ts.
    await meddle(site, 'ht-state', {
      'plan-state': 'failed',
      'plan-revision': '1',
      'applied-checksum': checksumOf(Buffer.from(data['plan'] ?? '', 'base64')),
      'failed-checksum': '',
      'failure-count': '0',
    });
    await untilFailed('ht-state', 1);
    await requestOperation(site, 'ht-state', 'retry');
    host.neverAnswer(false);
    await untilProvisioned(site, 'ht-state');
    const after = (await getPlanSecret(site, 'ht-state')).data;
    expect([after['plan-state'], after['plan-revision']]).toEqual([undefined, undefined]);
  });

  test('trap 2: Applied stays although a later start of the agent fails and loses it', async () => {
    const host = await addHost('ht-latch');
    await bringUp(host);
    await untilRuns(site, host, 2);
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
    await beginRunAnew('ht-latch', 'running');
    const machine = await findMachine(site, 'ht-latch');
    expect(machine?.status).toMatchObject({ phase: 'Running', ready: true });
    expect(conditionOf(machine, 'PlanApplied')?.status).toBe('True');
    await untilPoolCounts(site, 'ht-latch', { total: 1, allocated: 1, unavailable: 0 });
    expect((await getPlanSecret(site, 'ht-latch')).metadata.resourceVersion).toBe(lost.metadata.resourceVersion);
    expect(planTypesOf(host)).toEqual([undefined, 'reprovision']);
    await remove(host);
  });

  test('traps 3 and 4: however often the agent starts, each step ran once, nothing is wiped and nothing reboots', async () => {
    const host = await addHost('ht-again');
    await bringUp(host);
    const machine = await waitForMachine(
      site,
      'ht-again',
      'joined',
      (found) => conditionOf(found, 'NodeJoined')?.status === 'True',
    );
    await untilRuns(site, host, 2);
    const steps = async () => (await commandsOf(host)).filter((line) => !line.startsWith('timeout '));
    const before = await steps();
    const history = await fetchHistory(site, machine);
    await host.disk.write('/var/lib/kubelet/pods/work', 'kept');
    for (let start = 1; start <= 5; start += 1) {
      const runs = runsOf(host);
      if (start % 2 === 0) await host.reboot();
      else host.restartAgent();
      await untilRuns(site, host, runs + 1);
    }
    expect(await steps()).toEqual(before);
    for (const step of ['cloud-init clean', 'elemental upgrade', 'shutdown']) {
      expect(await commandsOf(host, step), step).toHaveLength(1);
    }
    expect(host.bootCount).toBe(4);
    expect(await host.disk.read('/var/lib/kubelet/pods/work')).toBe('kept');
    await untilJoined(host);
    // Each start was answered again; that told the run nothing.
    expect((await fetchHistory(site, machine)).length).toBe(history.length);
    expect((await findMachine(site, 'ht-again'))?.status?.phase).toBe('Running');
  });

  test('trap 10: what failed shows no output of earlier successes', async () => {
    const host = await addHost('ht-outputs');
    await untilSecret(site, 'ht-outputs', 'its first answer', ({ data }) => readText(data, 'applied-checksum') !== '');
    const earlier = toValue('ironloom: step upgrade failed with exit code 77\n');
    const applied = encodeOutputs({ 'ironloom-reprovision': earlier, somebody: earlier });
    const key = { namespace: site.namespace, name: 'ht-outputs' };
    await site.client.patch(planSecrets, key, { data: { 'applied-output': applied } });
    await host.failStep('cloud-init clean', 1);
    await begin('ht-outputs');
    expect(await untilFailed('ht-outputs', 1)).toContain('Step clean-cloud-init failed with exit code 1');
    expect(outputNames(await getPlanSecret(site, 'ht-outputs'), 'failed-output')).toEqual(['ironloom-reprovision']);
    await requestOperation(site, 'ht-outputs', 'retry');
    await untilProvisioned(site, 'ht-outputs');
    await host.failStep('systemctl stop', 1);
    await deleteMachine(site, 'ht-outputs');
    expect(await untilFailed('ht-outputs', 1)).toContain('Step stop-kubelet failed with exit code 1');
    expect(outputNames(await getPlanSecret(site, 'ht-outputs'), 'failed-output')).toEqual(['ironloom-clean']);
    await requestOperation(site, 'ht-outputs', 'retry');
    await untilGone(site, 'ht-outputs');
  });

  test('trap 14: a host whose clock is years off lives and fails like any other', async () => {
    const host = await addHost('ht-clock');
    const years = 3 * 365 * 24 * 3600 * 1000;
    host.faults.clockOffsetMs = years;
    await host.failStep('elemental upgrade', 1);
    await begin('ht-clock');
    await untilFailed('ht-clock', 1);
    const lastApply = readText((await getPlanSecret(site, 'ht-clock')).data, 'last-apply-time');
    expect(lastApply).toContain(String(new Date(Date.now() + years).getUTCFullYear()));
    host.faults.clockOffsetMs = -years;
    await requestOperation(site, 'ht-clock', 'retry');
    await untilProvisioned(site, 'ht-clock');
    await untilJoined(host);
    await remove(host);
  });

  test('trap 16: what the inventory says of a plan decides nothing', async () => {
    const host = await addHost('ht-mirror');
    await beginOnSilent(host);
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

describe.concurrent('writes', () => {
  test('trap 5: whatever happens while a host is at work, nobody writes to its Secret, so that its failure counts', async () => {
    const host = await addHost('ht-quiet');
    await beginOnSilent(host);
    const { metadata } = await getPlanSecret(site, 'ht-quiet');
    const since = await markAudit(useStack().auditLogPath);
    const key = { namespace: site.namespace, name: 'ht-quiet' };
    const labels = { 'example.com/note': 'changed' };
    await touchInventory(site.client, key);
    await site.client.patch(machineInventories, key, { metadata: { labels } });
    await site.client.patch(baremetalMachines, key, { metadata: { labels } });
    await site.client.patch(
      secrets,
      { ...key, name: bootstrapSecretOf('ht-quiet') },
      { data: { value: toValue(renderJoinConfig({ secretFile: 'changed' })) } },
    );
    const machineInventoriesOfPool = [{ name: 'ht-quiet', hostname: 'another-name' }];
    await site.client.patch(machineInventoryPools, key, { spec: { machineInventories: machineInventoriesOfPool } });
    await untilReason(site, 'ht-quiet', 'PlanApplied', 'PlanTimedOut');
    for (const verb of ['pause', 'resume']) {
      await requestOperation(site, 'ht-quiet', verb);
      await waitForMachine(site, 'ht-quiet', `${verb}d`, ({ status }) => status?.lastOperation?.verb === verb);
    }
    expect((await getPlanSecret(site, 'ht-quiet')).metadata.resourceVersion).toBe(metadata.resourceVersion);
    const writes = await listHostWrites(useStack().auditLogPath, site, { since, hosts: ['ht-quiet'] });
    expect(writes.filter((write) => write.includes(' secrets '))).toEqual([]);
    await host.failStep('elemental upgrade', 1);
    host.neverAnswer(false);
    await untilFailed('ht-quiet', 1);
    expect(runsOf(host)).toBe(1);
  });

  test("trap 8: each plan begins with no failures, and elemental's own reset inherits no limit from a host given back", async () => {
    const host = await addHost('ht-count', { times: { retryCooldownMs: 200, periodMs: 300 } });
    await host.failStep('elemental upgrade', 2);
    await begin('ht-count');
    await untilFailed('ht-count', 1);
    await requestOperation(site, 'ht-count', 'retry');
    await untilFailed('ht-count', 2);
    expect(readText((await getPlanSecret(site, 'ht-count')).data, 'failure-count')).toBe('1');
    await requestOperation(site, 'ht-count', 'retry: again');
    await untilProvisioned(site, 'ht-count');
    await untilJoined(host);
    expect(runsByType(host).slice(1, 3)).toEqual([
      ['reprovision', 1],
      ['reprovision', 1],
    ]);
    expect(planTypesOf(host)).toHaveLength(4);
    await remove(host);
    expect((await getPlanSecret(site, 'ht-count')).data['max-failures']).toBeUndefined();

    await host.failStep('shutdown -r', 1);
    const key = { namespace: site.namespace, name: 'ht-count' };
    const notes = { [elementalAnnotations.resettable]: 'true' };
    await site.client.patch(machineInventories, key, { metadata: { annotations: notes } });
    await site.client.delete(machineInventories, key);
    await waitFor(
      'the reset failed once and was tried again',
      async () => (await findInventory(site, 'ht-count')) === undefined,
      () => host.plansReceived,
      { timeoutMs: 90_000 },
    );
  });

  test.each([
    ['fails its clean plan', 'ht-forced', 'PlanFailed'],
    ['is dead', 'ht-forced-dead', 'PlanPending'],
  ])('trap 8: a host that %s and is let go by force tries that plan until it is clean', async (_, name, reason) => {
    const host = await addHost(name, { times: { retryCooldownMs: 200, periodMs: 300 } });
    await bringUp(host);
    await host.failStep('systemctl stop', 3);
    if (reason === 'PlanPending') await host.die();
    await deleteMachine(site, name);
    await untilReason(site, name, 'PlanApplied', reason);
    await requestOperation(site, name, 'forceRelease: nobody waits for it any more');
    await untilGone(site, name);
    expect((await findInventory(site, name))?.metadata.annotations[annotations.quarantine]).toBeDefined();
    await host.powerOn();
    const key = { namespace: site.namespace, name };
    const notes = { [annotations.operation]: 'unquarantine' };
    await site.client.patch(machineInventories, key, { metadata: { annotations: notes } });
    await untilAllocationState(site, name, 'Available');
    const { data } = await getPlanSecret(site, name);
    expect(readText(data, 'applied-checksum')).toBe(checksumOf(Buffer.from(data['plan'] ?? '', 'base64')));
    expect(data['max-failures']).toBeUndefined();
    expect((await commandsOf(host, 'systemctl stop kubelet')).length).toBe(4);
    await createMachine(site, { name: `${name}-next`, pool: name });
    await untilProvisioned(site, `${name}-next`);
  });

  test('trap 9: a host that somebody took under a running node is not written to, and given up by force only', async () => {
    const host = await addHost('ht-selector');
    await bringUp(host);
    await untilRuns(site, host, 2);
    await letSelectorTake('ht-selector');
    const theirs = await untilSecret(
      site,
      'ht-selector',
      'their result',
      ({ data }) => readText(data, 'applied-checksum') === checksumOf(bootstrapPlan),
    );
    await deleteMachine(site, 'ht-selector');
    await untilReason(site, 'ht-selector', 'PlanApplied', 'HostTaken');
    await requestOperation(site, 'ht-selector', 'forceRelease: it is theirs now');
    await untilGone(site, 'ht-selector');
    expect((await getPlanSecret(site, 'ht-selector')).metadata.resourceVersion).toBe(theirs.metadata.resourceVersion);
    await createMachine(site, { name: 'ht-selector-next', pool: 'ht-selector' });
    await untilReason(site, 'ht-selector-next', 'InventoryAllocated', 'PoolExhausted');
  });

  test('trap 17: a host that was given back shows the others no token', async () => {
    const host = await addHost('ht-token');
    await bringUp(host);
    const token = 'abcdef.0123456789abcdef';
    const shown = async (): Promise<string> => {
      const { data } = await getPlanSecret(site, 'ht-token');
      const plan = readText(data, 'plan').replaceAll(/[A-Za-z0-9+/=]{64,}/g, (text) =>
        Buffer.from(text, 'base64').toString(),
      );
      return `${plan} ${readText(data, 'resolved-value')}`;
    };
    expect(await shown()).toContain(token);
    await remove(host);
    expect(await shown()).not.toContain(token);
    expect(outputNames(await getPlanSecret(site, 'ht-token'), 'applied-output')).toEqual(['ironloom-clean']);
  });
});

describe.concurrent('a host', () => {
  test('trap 6: that cannot write a file looks dead, the message names both causes, and repaired it answers', async () => {
    const host = await addHost('ht-file');
    await host.disk.write(`${hostStateFolder}/staged`, 'in the way');
    await begin('ht-file');
    const silent = await untilReason(site, 'ht-file', 'PlanApplied', 'PlanTimedOut');
    const message = conditionOf(silent, 'PlanApplied')?.message;
    expect(message).toContain('the host is dead or cut off');
    expect(message).toContain('its agent cannot parse or write something of the plan');
    expect(planTypesOf(host)).toEqual([undefined, 'reprovision']);
    const { data } = await getPlanSecret(site, 'ht-file');
    expect([readText(data, 'applied-checksum'), readText(data, 'failed-checksum')]).toEqual(['', '']);
    await host.disk.remove(`${hostStateFolder}/staged`);
    host.restartAgent();
    await untilProvisioned(site, 'ht-file');
    expect(planTypesOf(host)).toEqual([undefined, 'reprovision']);
  });

  test('traps 12 and 13: that prints 2 MB in one line, under the largest user-data, answers within its Secret', async () => {
    const host = await addHost('ht-noise');
    const output = `${'x'.repeat(2_000_000)}\nwrite /var: no space left on device\n`;
    await host.failStep('elemental upgrade', 1, { output });
    const fill = userDataLimitBytes - renderJoinConfig({ secretFile: '' }).length - 1024;
    await begin('ht-noise', { userData: renderJoinConfig({ secretFile: 'x'.repeat(fill) }) });
    expect(await untilFailed('ht-noise', 1)).toContain('no space left on the host');
    expect(runsOf(host)).toBe(1);
    const { data } = await getPlanSecret(site, 'ht-noise');
    const sizes = Object.values(data).map((value) => Buffer.byteLength(value, 'base64'));
    expect(sizes.reduce((sum, size) => sum + size, 0)).toBeLessThan(800 * 1024);
    expect(Buffer.byteLength(data['plan'] ?? '', 'base64')).toBeGreaterThan(600 * 1024);
    await requestOperation(site, 'ht-noise', 'retry');
    await untilProvisioned(site, 'ht-noise');
    await untilJoined(host);
  });

  test('trap 15: whose Secret is restored under its node runs the plan again, and nothing comes of it', async () => {
    const host = await addHost('ht-restored');
    await bringUp(host);
    await untilRuns(site, host, 2);
    const restore = await removePlanSecret(site, 'ht-restored');
    await restore();
    await untilRuns(site, host, 3);
    expect(await upgradesOf(host)).toBe(1);
    expect(host.bootCount).toBe(2);
    expect((await findMachine(site, 'ht-restored'))?.status?.phase).toBe('Running');
    await remove(host);
  });

  test('trap 15: whose Secret is restored while its plan is due goes on by retry, as the message says', async () => {
    const host = await addHost('ht-regained');
    await beginOnSilent(host);
    const restore = await removePlanSecret(site, 'ht-regained');
    const lost = await untilReason(site, 'ht-regained', 'PlanApplied', 'PlanSecretMissing');
    expect(conditionOf(lost, 'PlanApplied')?.message).toContain('Restore it and retry');
    await restore();
    host.neverAnswer(false);
    await untilRuns(site, host, 1);
    await requestOperation(site, 'ht-regained', 'retry');
    await untilProvisioned(site, 'ht-regained');
    await untilJoined(host);
  });

  test('traps 18 and 19: that keeps only what stock Elemental keeps still joins, and upgrades and reboots once', async () => {
    const host = await addHost('ht-stock', { stock: true });
    await bringUp(host);
    await untilRuns(site, host, 2);
    await host.reboot();
    await untilRuns(site, host, 3);
    expect(await upgradesOf(host)).toBe(1);
    expect(await commandsOf(host, 'shutdown')).toHaveLength(1);
    expect(host.bootCount).toBe(3);
    await remove(host);
  });

  test.each([
    ['by a crash', 'ht-crash', (host: SimulatedHost) => host.crashBeforePut(2)],
    ['by an outage of the API server', 'ht-outage', (host: SimulatedHost) => host.apiDownAtPut(2)],
  ])('section 1.8: that loses its result twice, %s, upgrades and reboots once', async (_, name, lose) => {
    const host = await addHost(name, { times: { rebootDelayMs: 1_500 } });
    await beginOnSilent(host);
    lose(host);
    host.neverAnswer(false);
    await untilProvisioned(site, name);
    await untilJoined(host);
    expect(planTypesOf(host)).toEqual([undefined, 'reprovision']);
    expect(runsOf(host)).toBeGreaterThanOrEqual(3);
    expect(await upgradesOf(host)).toBe(1);
    expect(host.bootCount).toBe(2);
  });
});

describe.concurrent('trap 7: a deletion', () => {
  test('while the host upgrades waits for the end of it and cancels its reboot', async () => {
    const host = await addHost('ht-upgrading', { times: never });
    await host.failStep('elemental upgrade', 1, { exitCode: 0, delayMs: 4_000 });
    await begin('ht-upgrading');
    await untilCommand(host, 'elemental upgrade');
    await remove(host);
    await expectNeverBooted(host);
  });

  test('while the reboot of an applied plan is due cancels it', async () => {
    const host = await addHost('ht-due', { times: never });
    await begin('ht-due');
    await untilProvisioned(site, 'ht-due');
    expect(await host.disk.list('/.simulator/power')).toEqual(['scheduled']);
    await remove(host);
    await expectNeverBooted(host);
  });

  test('that the delayed reboot of the plan before hits ends clean', async () => {
    const host = await addHost('ht-hit');
    await host.failStep('elemental upgrade', 1, { exitCode: 0, delayMs: 4_000 });
    await begin('ht-hit');
    await untilCommand(host, 'elemental upgrade');
    await remove(host);
    expect(planTypesOf(host)).toEqual([undefined, 'reprovision', 'clean']);
    expect(host.bootCount).toBe(2);
    expect(host.node?.running ?? false).toBe(false);
  });

  test('whose clean plan a reboot interrupts runs it again from its beginning', async () => {
    const host = await addHost('ht-interrupted');
    await bringUp(host);
    await untilRuns(site, host, 2);
    await host.failStep('systemctl stop', 1, { exitCode: 0, delayMs: 120_000 });
    await deleteMachine(site, 'ht-interrupted');
    await untilCommand(host, 'systemctl stop kubelet');
    await host.reboot();
    await untilGone(site, 'ht-interrupted');
    await expectReleased(site, 'ht-interrupted');
    expect(runsByType(host).at(-1)).toEqual(['clean', 2]);
    expect(await commandsOf(host, 'shutdown -c')).toHaveLength(2);
    expect(host.node?.running).toBe(false);
    expect(host.bootCount).toBe(3);
  });
});

test('trap 5: each write of ours to a plan Secret was a new plan, or gave the host back', async () => {
  const events = await readAuditEvents(
    useStack().auditLogPath,
    ({ user, objectRef, responseStatus }) =>
      objectRef?.resource === 'secrets' &&
      objectRef.namespace === site.namespace &&
      ['ironloom-worker', 'ironloom-bridge'].includes(user.username) &&
      (responseStatus?.code ?? 500) < 300,
  );
  const counted = Object.fromEntries(
    trapped.map((host) => [host, events.filter(({ objectRef }) => objectRef?.name === host).length]),
  );
  expect(counted).toEqual(Object.fromEntries(trapped.map((host) => [host, countOrders(host)])));
});

/** How often a plan of ours came to the host's Secret, and how often `max-failures` was taken away. */
function countOrders(host: string): number {
  const states = recorder.seen.filter(
    ({ metadata, type }) => metadata.name === host && type === foreign.planSecretType,
  );
  return states.filter(({ metadata, data }, index) => {
    const before = states[index - 1];
    const id = metadata.annotations?.[annotations.planAttempt];
    const ordered = id !== undefined && data['plan'] !== before?.data['plan'] && before !== undefined;
    return ordered || (before?.data['max-failures'] !== undefined && data['max-failures'] === undefined);
  }).length;
}

function runsByType(host: SimulatedHost): [string, number][] {
  return host.plansReceived.map(({ type, runs }) => [String(type), runs]);
}

/** Nothing of the node that the plan before would have made is left, and nothing will reboot the host. */
async function expectNeverBooted(host: SimulatedHost): Promise<void> {
  expect(planTypesOf(host)).toEqual([undefined, 'reprovision', 'clean']);
  expect(await commandsOf(host, 'shutdown')).toEqual(['shutdown -r +1', 'shutdown -c']);
  expect(await host.disk.list('/.simulator/power')).toEqual([]);
  expect(host.bootCount).toBe(1);
  expect(await host.disk.read(cleanupMarkerPath)).toBeUndefined();
  expect(await host.disk.list(seedFolder)).toEqual([]);
}

/** Sets the machine's run back to its beginning; waits until it is `stage` again. */
async function beginRunAnew(name: string, stage: string): Promise<void> {
  const ref = await refOf(site, name);
  const runId = await currentRunId(site, ref);
  const [eventId] = await listResetPoints(site, ref, runId);
  if (eventId === undefined) throw new Error(`No event to reset ${name} to`);
  await resetRun(site, ref, { runId, eventId });
  await untilStage(site, ref, stage, runId);
}

const bootstrapPlan = `${JSON.stringify({ files: [], instructions: [] })}\n`;

/** A MachineInventorySelector adopts the host: owner references and annotations are its own, checksums stay. */
async function letSelectorTake(name: string): Promise<void> {
  const key = { namespace: site.namespace, name };
  const owner = {
    apiVersion: 'elemental.cattle.io/v1beta1',
    kind: foreign.inventorySelectorKind,
    name: 'theirs',
    uid: 'theirs',
  };
  await site.client.patch(machineInventories, key, { metadata: { ownerReferences: [owner] } });
  const { metadata } = await getPlanSecret(site, name);
  const dropped = Object.keys(metadata.annotations ?? {}).map((note): [string, null] => [note, null]);
  const notes = { ...Object.fromEntries(dropped), [elementalAnnotations.planType]: 'bootstrap' };
  await site.client.patch(planSecrets, key, {
    metadata: { annotations: notes },
    data: { plan: toValue(bootstrapPlan) },
  });
}
