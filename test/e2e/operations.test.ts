import { describe, expect } from 'vitest';
import { annotations } from '../../api/constants.ts';
import { baremetalMachines, machineInventories, type Resource } from '../../api/resources.ts';
import type { OperatorVerb } from '../../domain/life/machine-life.ts';
import { machineWorkflowId } from '../../domain/life/run-id.ts';
import { operationSignals, operationUpdates } from '../../workflows/messages.ts';
import { runCli } from '../support/cli.ts';
import { attemptsOf } from '../support/host-answers.ts';
import {
  allocationState,
  expectCountersAddUp,
  expectReleased,
  findInventory,
  untilPoolCounts,
} from '../support/hosts.ts';
import { untilEvent, untilWarning } from '../support/object-events.ts';
import {
  beginOn,
  conditionOf,
  createMachine,
  createPool,
  deleteMachine,
  findMachine,
  untilGone,
  untilProvisioned,
  untilReason,
  waitForMachine,
} from '../support/machines.ts';
import type { Site } from '../support/site.ts';
import { recordPools, siteTest } from '../support/site-test.ts';
import { waitFor } from '../support/wait-for.ts';

// How operators recover a machine: by update, by signal and by annotation.
const hosts = [
  'op-cli',
  'op-update',
  'op-signal',
  'op-note',
  'op-first',
  'op-second',
  'op-last',
  'op-force',
  'op-pause',
];
const request = { actor: 'ada', reason: 'tried it by hand' };

const test = siteTest('operations', { hosts }).extend('pools', { scope: 'file', auto: true }, recordPools);

async function handleOf(site: Site, name: string) {
  const machine = await findMachine(site, name);
  if (machine === undefined) throw new Error(`No machine ${name}`);
  return site.temporal.workflow.getHandle(machineWorkflowId(machine.metadata));
}

async function update(site: Site, name: string, verb: OperatorVerb): Promise<string> {
  const { answer } = await (await handleOf(site, name)).executeUpdate(operationUpdates[verb], { args: [request] });
  return answer;
}

async function refusal(site: Site, name: string, verb: OperatorVerb): Promise<string> {
  const failure: unknown = await update(site, name, verb).catch((error: unknown) => error);
  return failure instanceof Error && failure.cause instanceof Error
    ? failure.cause.message
    : `accepted: ${String(failure)}`;
}

/** What a step has written is seen a moment before its run has heard that it was written. */
async function untilRefused(site: Site, name: string, verb: OperatorVerb, text: string): Promise<void> {
  let last: string | undefined;
  const look = async () => (last = await refusal(site, name, verb)).includes(text);
  await waitFor(`${verb} of ${name} is refused with "${text}"`, look, () => last);
}

async function annotate(site: Site, resource: Resource<unknown>, name: string, text: string) {
  const key = { namespace: site.namespace, name };
  await site.client.patch(resource, key, { metadata: { annotations: { [annotations.operation]: text } } });
}

describe.concurrent('operators', () => {
  test('retry a failed plan by update, as a new attempt', async ({ site }) => {
    await site.host('op-update').failStep('elemental upgrade', 1);
    await beginOn(site, 'op-update');
    await untilReason(site, 'op-update', 'PlanApplied', 'PlanFailed');
    expect(await update(site, 'op-update', 'retry')).toContain('Attempt 2');
    const running = await untilProvisioned(site, 'op-update');
    expect(running.status?.lastOperation).toMatchObject({ ...request, verb: 'retry', accepted: true });
    expect(attemptsOf(site, 'op-update')).toEqual([undefined, 'reprovision-1', 'reprovision-2']);
    await untilRefused(site, 'op-update', 'retry', 'Nothing has failed');
    expect(await refusal(site, 'op-update', 'reallocate')).toContain('delete the Machine instead');
    expect(await refusal(site, 'op-update', 'forceRelease')).toContain('delete the Machine');
  });

  test('retry by signal; a bad payload and an unknown signal harm nobody', async ({ site }) => {
    await site.host('op-signal').failStep('elemental upgrade', 1);
    await beginOn(site, 'op-signal');
    await untilReason(site, 'op-signal', 'PlanApplied', 'PlanFailed');
    const handle = await handleOf(site, 'op-signal');
    await handle.signal('retry', 'garbage');
    await handle.signal('retyr', {});
    await handle.signal(operationSignals.retry, request);
    await untilProvisioned(site, 'op-signal');
    expect(attemptsOf(site, 'op-signal')).toEqual([undefined, 'reprovision-1', 'reprovision-2']);
  });

  test('retry by annotation: consumed once, the answer is an Event', async ({ site }) => {
    await site.host('op-note').failStep('elemental upgrade', 1);
    await beginOn(site, 'op-note');
    await untilReason(site, 'op-note', 'PlanApplied', 'PlanFailed');
    await annotate(site, baremetalMachines, 'op-note', 'retyr');
    expect((await untilEvent(site, 'op-note', 'OperationRefused')).message).toContain(
      'retry, reboot, reallocate, forceRelease, pause, resume',
    );
    await waitForMachine(
      site,
      'op-note',
      'rid of the annotation',
      ({ metadata }) => !(annotations.operation in metadata.annotations),
    );
    await annotate(site, baremetalMachines, 'op-note', 'retry: new disk');
    expect((await untilEvent(site, 'op-note', 'OperationAccepted')).message).toContain('Attempt 2');
    const running = await untilProvisioned(site, 'op-note');
    expect(running.metadata.annotations[annotations.operation]).toBeUndefined();
    expect(running.status?.lastOperation).toMatchObject({ verb: 'retry', reason: 'new disk' });
  });

  test('reallocate before Running: the host is cleaned and given back, another is claimed', async ({ site }) => {
    await site.host('op-first').failStep('elemental upgrade', 1);
    await beginOn(site, 'op-first', { members: ['op-first', 'op-second'] });
    await untilReason(site, 'op-first', 'PlanApplied', 'PlanFailed');
    await update(site, 'op-first', 'reallocate');
    const running = await untilProvisioned(site, 'op-first');
    expect(running.spec.providerID).toBe('baremetal:///op-second');
    await expectReleased(site, 'op-first');
    expect(attemptsOf(site, 'op-first')).toEqual([undefined, 'reprovision-1', 'clean-1']);
    expect(attemptsOf(site, 'op-second')).toEqual([undefined, 'reprovision-1']);
  });

  test('reallocate from the last host: the machine waits for another, and a younger one takes the host', async ({
    site,
  }) => {
    await site.host('op-last').failStep('elemental upgrade', 1);
    await beginOn(site, 'op-last');
    await untilReason(site, 'op-last', 'PlanApplied', 'PlanFailed');
    await update(site, 'op-last', 'reallocate');
    const waiting = await untilReason(site, 'op-last', 'InventoryAllocated', 'PoolExhausted');
    expect(waiting.status?.avoidedInventories).toEqual(['op-last']);
    expect(conditionOf(waiting, 'InventoryAllocated')?.message).toContain('1 given up for this machine');
    const createdAtMs = Date.parse(waiting.metadata.creationTimestamp);
    await waitFor('creation times, in whole seconds, differ', () => Date.now() >= createdAtMs + 1_000);
    await createMachine(site, { name: 'op-younger', pool: 'op-last' });
    expect((await untilProvisioned(site, 'op-younger')).status?.machineInventoryRef?.name).toBe('op-last');
  });

  test('force the release of a dead host; it is clean before it is eligible again', async ({ site }) => {
    await beginOn(site, 'op-force');
    await untilProvisioned(site, 'op-force');
    await untilRefused(site, 'op-force', 'forceRelease', 'delete the Machine');
    await site.host('op-force').die();
    await deleteMachine(site, 'op-force');
    await waitForMachine(site, 'op-force', 'cleaning', ({ status }) => status?.phase === 'Preparing');
    await untilPoolCounts(site, 'op-force', { total: 1, preparing: 1, available: 0 });
    await update(site, 'op-force', 'forceRelease');
    await untilGone(site, 'op-force');
    expect((await untilWarning(site, 'op-force', 'ForceReleased')).message).toContain('ada: tried it by hand');
    const inventory = await findInventory(site, 'op-force');
    expect(inventory?.metadata.annotations[annotations.quarantine]).toContain('ada: tried it by hand');
    expect(await allocationState(site, 'op-force')).toBe('Unavailable');
    await untilPoolCounts(site, 'op-force', { total: 1, unavailable: 1, available: 0, preparing: 0 });

    await createMachine(site, { name: 'op-force-next', pool: 'op-force' });
    await untilReason(site, 'op-force-next', 'InventoryAllocated', 'PoolExhausted');
    await annotate(site, machineInventories, 'op-force', 'unquarantine');
    expect((await untilEvent(site, 'op-force', 'UnquarantineWaiting')).message).toContain(
      'has not applied its clean plan',
    );
    await site.host('op-force').powerOn();
    await untilProvisioned(site, 'op-force-next');
    await untilPoolCounts(site, 'op-force', { total: 1, allocated: 1, unavailable: 0 });
    expect(attemptsOf(site, 'op-force')).toEqual([undefined, 'reprovision-1', 'clean-1', 'reprovision-1']);
    const freed = await findInventory(site, 'op-force');
    expect(freed?.metadata.annotations[annotations.quarantine]).toBeUndefined();
    expect(freed?.metadata.annotations[annotations.operation]).toBeUndefined();
  });

  test('the CLI lists, shows, explains and recovers', async ({ site }) => {
    await site.host('op-cli').failStep('elemental upgrade', 1);
    await beginOn(site, 'op-cli');
    await untilReason(site, 'op-cli', 'PlanApplied', 'PlanFailed');
    const machine = `${site.namespace}/op-cli`;
    await waitFor('the list shows the failure', async () => {
      const filters = ['--phase', 'Failed', '--pool', 'op-cli'];
      const { stdout } = await runCli(site.namespace, 'get', 'machines', '-n', site.namespace, ...filters);
      return stdout.includes('op-cli') && stdout.includes('PlanFailed');
    });
    expect((await runCli(site.namespace, 'show', machine)).stdout).toContain('- Host: op-cli');
    const explained = await runCli(site.namespace, 'explain', 'machine', machine);
    expect(explained.stdout).toContain(`Way out   ironloom retry op-cli -n ${site.namespace} --reason`);
    const host = await runCli(site.namespace, 'explain', 'host', machine);
    expect(host.stdout).toContain('Failed: reprovision-1-');
    expect((await runCli(site.namespace, 'top', '-n', site.namespace)).stdout).toContain('machine/op-cli');
    const planned = await runCli(site.namespace, 'plan', 'machine', machine);
    expect([planned.code, planned.stdout]).toEqual([0, expect.stringContaining('Plan      reprovision-2-')]);
    const refused = await runCli(site.namespace, 'force-release', machine, '--reason', 'impatience');
    expect(refused.code).toBe(1);
    expect(refused.stderr).toContain('refused: Only a host that is being given up');
    const retried = await runCli(site.namespace, 'retry', machine, '--reason', 'new disk', '--wait');
    expect([retried.code, retried.stderr]).toEqual([0, '']);
    expect(retried.stdout).toMatch(/^Attempt 2[^]*\nRunning · /);
    expect(await runCli(site.namespace, 'retry', 'nobody')).toMatchObject({ code: 2 });
    const nobody = await runCli(site.namespace, 'retry', `${site.namespace}/nobody`, '--reason', 'new disk');
    expect(nobody.code).toBe(1);
    expect(nobody.stderr).toContain('nobody has no run');
  });

  test('pause and resume', async ({ site }) => {
    await createPool(site, 'op-pause', []);
    await createMachine(site, { name: 'op-pause', pool: 'op-pause' });
    await untilReason(site, 'op-pause', 'InventoryAllocated', 'PoolExhausted');
    await update(site, 'op-pause', 'pause');
    expect(await refusal(site, 'op-pause', 'pause')).toContain('already');
    const paused = await waitForMachine(
      site,
      'op-pause',
      'paused',
      (machine) => conditionOf(machine, 'Paused')?.status === 'True',
    );
    expect(paused.status?.lastOperation).toMatchObject({ verb: 'pause' });
    await update(site, 'op-pause', 'resume');
    await waitForMachine(site, 'op-pause', 'resumed', (machine) => conditionOf(machine, 'Paused')?.status === 'False');
    expect(await refusal(site, 'op-pause', 'resume')).toContain('not paused');
  });
});

test('the counters of every pool have added up all the time', ({ pools }) => {
  expectCountersAddUp(pools.seen);
});
