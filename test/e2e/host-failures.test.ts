import { describe, expect } from 'vitest';
import { annotations, MACHINE_FINALIZER } from '../../api/constants.ts';
import { machineInventories, secrets } from '../../api/resources.ts';
import { elementalAnnotations } from '../../dev/elemental/inventory.ts';
import { readAuditEvents } from '../../dev/stack/audit.ts';
import { attemptId } from '../../domain/plan/attempt.ts';
import { renderCleanPlan } from '../../domain/plan/clean.ts';
import { planSecretPatch } from '../../domain/plan/secret.ts';
import { runCli } from '../support/cli.ts';
import {
  allocationState,
  expectCountersAddUp,
  expectReleased,
  findInventory,
  getPlanSecret,
  untilAllocationState,
  untilPoolCounts,
} from '../support/hosts.ts';
import {
  beginOn,
  conditionOf,
  deleteMachine,
  findMachine,
  untilGone,
  untilProvisioned,
  untilReason,
  waitForMachine,
} from '../support/machines.ts';
import { untilWarning } from '../support/object-events.ts';
import { refOf, untilStage } from '../support/runs.ts';
import type { Site } from '../support/site.ts';
import { recordPools, siteTest } from '../support/site-test.ts';
import { useStack } from '../support/stack.ts';
import { waitFor } from '../support/wait-for.ts';

// What hosts do wrong. Each test has a host, a pool of it and a machine, all of the same name.
const hosts = ['hf-upgrade', 'hf-silent', 'hf-secret', 'hf-reset', 'hf-clean', 'hf-late'];

const test = siteTest('hosts', { hosts, env: { IRONLOOM_REPROVISION_DEADLINE: '3s' } }).extend(
  'pools',
  { scope: 'file', auto: true },
  recordPools,
);

function plansOf(site: Site, host: string): (string | undefined)[] {
  return site.host(host).plansReceived.map(({ type }) => type);
}

async function untilPlanStands(site: Site, host: string): Promise<void> {
  await untilAllocationState(site, host, 'Reprovisioning');
  await waitForMachine(site, host, 'Reprovisioning', ({ status }) => status?.phase === 'Reprovisioning');
}

describe.concurrent('a host', () => {
  test('that a run which was reset was still giving up is cleaned, and has no second plan of its id', async ({
    site,
  }) => {
    const name = 'hf-late';
    site.host(name).neverAnswer();
    await beginOn(site, name);
    await untilPlanStands(site, name);
    const machine = await refOf(site, name);
    // What a step of that run writes once the new one has looked.
    const { metadata } = await getPlanSecret(site, name);
    const id = attemptId({ uid: machine.uid, planType: 'clean', attempt: 1, claim: metadata.uid });
    const plan = renderCleanPlan({ attemptId: id });
    const key = { namespace: site.namespace, name };
    const notes = {
      [annotations.allocationState]: 'Preparing',
      [annotations.hostPlanAttempt]: id,
      [annotations.hostPlanChecksum]: plan.checksum,
    };
    await site.client.patch(machineInventories, key, { metadata: { annotations: notes } });
    const { uid, resourceVersion } = (await getPlanSecret(site, name)).metadata;
    const order = {
      plan,
      attemptId: id,
      planType: 'clean',
      unattended: false,
      lastFailure: {},
      uid,
      resourceVersion,
    } as const;
    await site.client.patch(secrets, key, planSecretPatch(order));
    await untilStage(site, machine, 'cleaning');
    site.host(name).neverAnswer(false);
    await untilAllocationState(site, name, 'Allocated');
    await untilReason(site, name, 'PlanApplied', 'HostTaken');
    expect(plansOf(site, name).at(-1)).toBe('clean');
  });

  test('that fails its reprovision plan is kept out of the pool; a deletion cleans it', async ({ site }) => {
    const fault = { output: 'cannot write layer: no space left on device\n' };
    await site.host('hf-upgrade').failStep('elemental upgrade', 1, fault);
    await beginOn(site, 'hf-upgrade');
    const failed = await untilReason(site, 'hf-upgrade', 'PlanApplied', 'PlanFailed');
    await untilWarning(site, 'hf-upgrade', 'PlanFailed');
    expect(failed.status?.phase).toBe('Failed');
    const message = conditionOf(failed, 'PlanApplied')?.message;
    expect(message).toContain('Step upgrade failed with exit code 1: no space left on the host');
    expect(message).toContain(`\`ironloom output ${site.namespace}/hf-upgrade\``);
    expect(conditionOf(failed, 'Ready')).toMatchObject({ status: 'False', reason: 'PlanFailed', message });
    await untilAllocationState(site, 'hf-upgrade', 'Unavailable');
    await untilPoolCounts(site, 'hf-upgrade', { total: 1, unavailable: 1, available: 0 });
    await deleteMachine(site, 'hf-upgrade');
    await untilGone(site, 'hf-upgrade');
    await expectReleased(site, 'hf-upgrade');
    expect(plansOf(site, 'hf-upgrade')).toEqual([undefined, 'reprovision', 'clean']);
    const said = await runCli(site.namespace, 'output', `${site.namespace}/hf-upgrade`);
    expect(said).toMatchObject({ code: 0, stderr: '' });
    expect(said.stdout).toContain(`Failed earlier: reprovision-1-${failed.metadata.uid}.`);
    expect(said.stdout).toContain('cannot write layer: no space left on device\nironloom: step upgrade failed');
    await untilPoolCounts(site, 'hf-upgrade', { total: 1, available: 1 });
  });

  test('that is silent is reported after the deadline, and a late answer counts', async ({ site }) => {
    site.host('hf-silent').neverAnswer();
    await beginOn(site, 'hf-silent');
    const silent = await untilReason(site, 'hf-silent', 'PlanApplied', 'PlanTimedOut');
    await untilWarning(site, 'hf-silent', 'PlanTimedOut');
    expect(silent.status?.phase).toBe('Reprovisioning');
    const message = conditionOf(silent, 'PlanApplied')?.message;
    expect(message).toContain('the host is dead or cut off');
    expect(message).toContain('its agent cannot parse or write something of the plan');
    expect(await allocationState(site, 'hf-silent')).toBe('Reprovisioning');
    await untilPoolCounts(site, 'hf-silent', { total: 1, reprovisioning: 1 });
    site.host('hf-silent').neverAnswer(false);
    const running = await untilProvisioned(site, 'hf-silent');
    expect(conditionOf(running, 'PlanApplied')?.status).toBe('True');
    expect(plansOf(site, 'hf-silent')).toEqual([undefined, 'reprovision']);
  });

  test('that has lost its plan Secret is reported; a deletion ends when its inventory is deleted, too', async ({
    site,
  }) => {
    site.host('hf-secret').neverAnswer();
    await beginOn(site, 'hf-secret');
    await untilPlanStands(site, 'hf-secret');
    const key = { namespace: site.namespace, name: 'hf-secret' };
    await site.client.delete(secrets, key);
    const lost = await untilReason(site, 'hf-secret', 'PlanApplied', 'PlanSecretMissing');
    await untilWarning(site, 'hf-secret', 'PlanSecretMissing');
    expect(lost.status?.phase).toBe('Failed');
    expect(conditionOf(lost, 'PlanApplied')?.message).toContain('delete the Machine');
    await untilPoolCounts(site, 'hf-secret', { total: 1, reprovisioning: 0, unavailable: 1 });
    await deleteMachine(site, 'hf-secret');
    const stuck = await waitForMachine(site, 'hf-secret', 'being deleted and blocked', (machine) => {
      const ready = conditionOf(machine, 'Ready');
      return machine.metadata.deletionTimestamp !== undefined && ready?.reason === 'PlanSecretMissing';
    });
    expect(stuck.metadata.finalizers).toContain(MACHINE_FINALIZER);
    await site.client.delete(machineInventories, key);
    await untilGone(site, 'hf-secret');
  });

  test("that gets somebody else's plan is reported and not written to any more", async ({ site }) => {
    site.host('hf-reset').neverAnswer();
    await beginOn(site, 'hf-reset');
    await untilPlanStands(site, 'hf-reset');
    const key = { namespace: site.namespace, name: 'hf-reset' };
    const annotations = { [elementalAnnotations.resettable]: 'true' };
    await site.client.patch(machineInventories, key, { metadata: { annotations } });
    await site.client.delete(machineInventories, key);
    const taken = await untilReason(site, 'hf-reset', 'PlanApplied', 'HostTaken');
    await untilWarning(site, 'hf-reset', 'HostTaken');
    expect(taken.status?.phase).toBe('Failed');
    await untilPoolCounts(site, 'hf-reset', { total: 1, reprovisioning: 0, unavailable: 1 });
    const reset = await getPlanSecret(site, 'hf-reset');
    await deleteMachine(site, 'hf-reset');
    await waitForMachine(site, 'hf-reset', 'being deleted', (machine) => {
      const known = machine.metadata.deletionTimestamp !== undefined;
      return known && conditionOf(machine, 'Ready')?.reason === 'HostTaken';
    });
    expect((await getPlanSecret(site, 'hf-reset')).metadata.resourceVersion).toBe(reset.metadata.resourceVersion);
    site.host('hf-reset').neverAnswer(false);
    await waitFor('the reset is done', async () => (await findInventory(site, 'hf-reset')) === undefined);
    await untilGone(site, 'hf-reset');
    const ours = await readAuditEvents(
      useStack().auditLogPath,
      ({ objectRef, user }) =>
        objectRef?.resource === 'secrets' &&
        objectRef.namespace === site.namespace &&
        objectRef.name === 'hf-reset' &&
        user.username === 'ironloom-worker',
    );
    expect(ours.map(({ verb }) => verb)).toEqual(['patch']);
  });

  test('that fails its clean plan keeps the machine and stays out of the pool', async ({ site }) => {
    await beginOn(site, 'hf-clean');
    await untilProvisioned(site, 'hf-clean');
    await site.host('hf-clean').failStep('systemctl stop', 1);
    await deleteMachine(site, 'hf-clean');
    const failed = await untilReason(site, 'hf-clean', 'PlanApplied', 'PlanFailed');
    await untilWarning(site, 'hf-clean', 'PlanFailed');
    expect(failed.status?.phase).toBe('Failed');
    expect(conditionOf(failed, 'PlanApplied')?.message).toContain('Step stop-kubelet failed with exit code 1');
    await untilAllocationState(site, 'hf-clean', 'Unavailable');
    await untilPoolCounts(site, 'hf-clean', { total: 1, unavailable: 1, available: 0 });
    expect((await findMachine(site, 'hf-clean'))?.metadata.finalizers).toContain(MACHINE_FINALIZER);
    expect(plansOf(site, 'hf-clean')).toEqual([undefined, 'reprovision', 'clean']);
  });
});

test('the counters of every pool have added up all the time', ({ pools }) => {
  expectCountersAddUp(pools.seen);
});
