import { describe, expect } from 'vitest';
import { foreign } from '../../api/constants.ts';
import { baremetalMachines } from '../../api/resources.ts';
import type { MachineRef } from '../../domain/inputs/machine-snapshot.ts';
import { lifeQuery } from '../../workflows/messages.ts';
import { attemptsOf, readPlanSecret, untilPlanned, untilRunSettled } from '../support/host-answers.ts';
import { allocationState, expectReleased } from '../support/hosts.ts';
import {
  beginOn,
  conditionOf,
  deleteMachine,
  findMachine,
  untilGone,
  untilJoined,
  untilReason,
  waitForMachine,
} from '../support/machines.ts';
import { createWays, wayNames } from '../support/operator-ways.ts';
import { refOf, runOf } from '../support/runs.ts';
import type { Site } from '../support/site.ts';
import { siteTest } from '../support/site-test.ts';
import { waitFor } from '../support/wait-for.ts';
import type { BaremetalMachine } from '../support/worker-groups.ts';

// The verb `reboot`: by a plan, with proof of boot, and nothing lost. A pool of one host for each machine.
const ofWays = wayNames.map((way) => `rb-${way.toLowerCase()}`);
const planes = ['rb-plane-1', 'rb-plane-2', 'rb-plane-3'];
const hosts = [...ofWays, 'rb-silent', 'rb-deleted', 'rb-failed', 'rb-paused', ...planes];

const test = siteTest('reboot', { hosts });

async function untilWell(site: Site, name: string) {
  await untilJoined(site, name);
  return waitForMachine(site, name, 'Booted', (machine) =>
    ['Ready', 'Booted', 'NodeJoined'].every((type) => conditionOf(machine, type)?.status === 'True'),
  );
}

/** The run knows that the host booted after this reboot plan, and has said so: until its plan is told, all looks well. */
async function untilProven(site: Site, machine: MachineRef, reboot: number): Promise<void> {
  await waitFor(`${machine.name} has proven reboot ${reboot}`, async () => {
    const life = await runOf(site, machine).query(lifeQuery);
    const stage = life?.stage;
    return stage?.kind === 'running' && stage.bootAfter === reboot && life?.snapshot.rebooted === reboot;
  });
  await untilRunSettled(site, machine.name);
}

/** What the node of a host keeps on its disk. */
async function readNode(site: Site, name: string): Promise<(string | undefined)[]> {
  const { disk } = site.host(name);
  const files = [
    '/etc/kubernetes/kubelet.conf',
    '/var/lib/kubelet/pki/kubelet-client-current.pem',
    '/data/of-the-workload',
  ];
  return Promise.all(files.map((file) => disk.read(file)));
}

describe.concurrent('a reboot', () => {
  test.for([...wayNames])('asked for by %s restarts the host once and takes nothing from it', async (way, { site }) => {
    const name = `rb-${way.toLowerCase()}`;
    await beginOn(site, name);
    const before = await untilWell(site, name);
    await site.host(name).disk.write('/data/of-the-workload', 'precious');
    const node = await readNode(site, name);
    const { bootCount } = site.host(name);

    const told = await createWays(site)[way].ask(before.metadata, 'reboot', `it hangs, says ${way}`);
    expect(told.accepted).toBe(true);
    expect(told.text).toContain('Attempt 1 of the reboot plan is written');
    await waitFor(`${name} has rebooted`, () => site.host(name).bootCount === bootCount + 1);
    await untilProven(site, before.metadata, 1);
    const after = await untilWell(site, name);

    expect(await readNode(site, name)).toEqual(node);
    expect(after.spec.providerID).toBe(before.spec.providerID);
    expect(after.status).toMatchObject({
      phase: 'Running',
      ready: true,
      lastOperation: { verb: 'reboot', accepted: true },
    });
    expect(attemptsOf(site, name)).toEqual([undefined, 'reprovision-1', 'reboot-1']);
    expect((await readPlanSecret(site, name)).maxFailures).toBeUndefined();
    expect(await allocationState(site, name)).toBe('Allocated');
    expect(site.host(name).bootCount).toBe(bootCount + 1);
  });

  test('of a silent host is shown, and carried out when the host is back', async ({ site }) => {
    await beginOn(site, 'rb-silent');
    const { metadata } = await untilWell(site, 'rb-silent');
    const { bootCount } = site.host('rb-silent');
    site.host('rb-silent').neverAnswer();
    await createWays(site).update.ask(metadata, 'reboot', 'it hangs');
    const waiting = await untilReason(site, 'rb-silent', 'PlanApplied', 'PlanPending');
    expect(conditionOf(waiting, 'Ready')).toMatchObject({ status: 'False', reason: 'PlanPending' });
    expect(conditionOf(waiting, 'Ready')?.message).toContain('reboot plan, attempt 1');
    const again = await createWays(site).update.ask(metadata, 'reboot', 'still hangs');
    expect(again.accepted).toBe(false);
    expect(again.text).toContain('under way');
    site.host('rb-silent').neverAnswer(false);
    await waitFor('the host has rebooted', () => site.host('rb-silent').bootCount > bootCount);
    await untilWell(site, 'rb-silent');
  });

  test('gives way to the deletion of the machine', async ({ site }) => {
    await beginOn(site, 'rb-deleted');
    const { metadata } = await untilWell(site, 'rb-deleted');
    site.host('rb-deleted').neverAnswer();
    await createWays(site).update.ask(metadata, 'reboot', 'it hangs');
    await untilPlanned(site, 'reboot', ['rb-deleted']);
    await deleteMachine(site, 'rb-deleted');
    await untilPlanned(site, 'clean', ['rb-deleted']);
    site.host('rb-deleted').neverAnswer(false);
    await untilGone(site, 'rb-deleted');
    await expectReleased(site, 'rb-deleted');
    // An agent that wakes up may carry the reboot out before it sees the plan that replaced it.
    expect(attemptsOf(site, 'rb-deleted').at(-1)).toBe('clean-1');
  });

  test('that fails on the host leaves the node running, and is ordered again by retry', async ({ site }) => {
    await beginOn(site, 'rb-failed');
    const { metadata } = await untilWell(site, 'rb-failed');
    await site.host('rb-failed').failStep('shutdown -r', 1);
    await createWays(site).update.ask(metadata, 'reboot', 'it hangs');
    const failed = await untilReason(site, 'rb-failed', 'PlanApplied', 'PlanFailed');
    expect(conditionOf(failed, 'PlanApplied')?.message).toContain('schedule-reboot');
    expect(failed.status).toMatchObject({ phase: 'Running', ready: true });
    expect(site.host('rb-failed').node).toMatchObject({ running: true });
    expect(conditionOf(failed, 'Booted')?.status).toBe('True');
    const told = await createWays(site).CLI.ask(metadata, 'retry', 'mended');
    expect(told.text).toContain('Attempt 2 of the reboot plan');
    await untilWell(site, 'rb-failed');
    expect(attemptsOf(site, 'rb-failed')).toEqual([undefined, 'reprovision-1', 'reboot-1', 'reboot-2']);
  });

  test('is refused while the machine is paused', async ({ site }) => {
    await beginOn(site, 'rb-paused');
    const { metadata } = await untilWell(site, 'rb-paused');
    const { update } = createWays(site);
    await update.ask(metadata, 'pause', 'hands off');
    const told = await update.ask(metadata, 'reboot', 'it hangs');
    expect(told).toEqual({ accepted: false, text: 'The machine is paused; resume it first' });
    await update.ask(metadata, 'resume', 'go on');
  });

  test('of a control plane takes one host at a time, while all others are well', async ({ site }) => {
    const label = { metadata: { labels: { [foreign.controlPlaneLabel]: '' } } };
    for (const name of planes) {
      await beginOn(site, name);
      await untilWell(site, name);
      await site.client.patch(baremetalMachines, { namespace: site.namespace, name }, label);
    }
    const [first = '', second = ''] = planes;
    const ways = createWays(site);
    site.host(first).neverAnswer();
    expect(await ways.update.ask(await refOf(site, first), 'reboot', 'hangs')).toMatchObject({ accepted: true });
    const told = await ways.CLI.ask(await refOf(site, second), 'reboot', 'hangs, too');
    expect(told.accepted).toBe(false);
    expect(told.text).toContain(`${first} of the control plane is not well (Ready: PlanPending)`);
    await ways.signal.ask(await refOf(site, second), 'reboot', 'hangs, too');
    const isRefused = ({ status }: BaremetalMachine): boolean =>
      status?.lastOperation?.actor === ways.signal.actor && !status.lastOperation.accepted;
    const refused = await waitForMachine(site, second, 'refused', isRefused);
    expect(refused.status?.lastOperation).toMatchObject({
      verb: 'reboot',
      answer: told.text,
    });
    expect(attemptsOf(site, second)).toEqual([undefined, 'reprovision-1']);
    expect((await findMachine(site, second))?.status?.phase).toBe('Running');

    site.host(first).neverAnswer(false);
    await untilWell(site, first);
    expect(await ways.annotation.ask(await refOf(site, second), 'reboot', 'now')).toMatchObject({ accepted: true });
    await untilWell(site, second);
    expect(attemptsOf(site, second).join(' ')).toMatch(/^ reprovision-1 reboot-\d$/);
  });
});
