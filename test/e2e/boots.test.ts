import { describe, expect } from 'vitest';
import { renderJoinConfig } from '../support/bootstrap-data.ts';
import { attemptsOf } from '../support/host-answers.ts';
import { expectReleased } from '../support/hosts.ts';
import {
  beginOn,
  conditionOf,
  deleteMachine,
  untilGone,
  untilJoined,
  untilReason,
  waitForMachine,
} from '../support/machines.ts';
import { untilWarning } from '../support/object-events.ts';
import { createWays } from '../support/operator-ways.ts';
import type { Site } from '../support/site.ts';
import { siteTest } from '../support/site-test.ts';

// What a host says of its boot after it applied its plan. A pool of one host for each test.
const hosts = ['bo-good', 'bo-fallback', 'bo-deleted', 'bo-disks', 'bo-first', 'bo-second'];

const test = siteTest('boots', { hosts });

async function untilBooted(site: Site, name: string) {
  return waitForMachine(site, name, 'Booted', (machine) => conditionOf(machine, 'Booted')?.status === 'True');
}

describe.concurrent('a host that applied its plan', () => {
  test('proves that it booted the image', async ({ site }) => {
    await beginOn(site, 'bo-good');
    const machine = await untilBooted(site, 'bo-good');
    expect(machine.status?.phase).toBe('Running');
    await untilJoined(site, 'bo-good');
    expect(site.host('bo-good').bootCount).toBe(2);
  });

  test('and falls back to its old image is no node, says so, and gets the plan again by retry', async ({ site }) => {
    site.host('bo-fallback').fallBack();
    await beginOn(site, 'bo-fallback');
    const fallen = await untilReason(site, 'bo-fallback', 'Booted', 'BootedFallback');
    await untilWarning(site, 'bo-fallback', 'BootedFallback');
    expect(conditionOf(fallen, 'Booted')?.message).toContain('retry');
    expect(conditionOf(fallen, 'Ready')?.status).toBe('True');
    expect(site.host('bo-fallback').node).toBeUndefined();
    expect(fallen.spec.providerID).toBe('baremetal:///bo-fallback');

    const answer = await createWays(site).update.ask(fallen.metadata, 'retry', 'reseated the disk');
    expect(answer).toEqual({ accepted: true, text: 'Attempt 2 of the reprovision plan is written' });
    await untilBooted(site, 'bo-fallback');
    await untilJoined(site, 'bo-fallback');
    expect(site.host('bo-fallback').node?.registered).toBe(true);
    expect(attemptsOf(site, 'bo-fallback')).toEqual([undefined, 'reprovision-1', 'reprovision-2']);
  });

  test('and fell back is cleaned and given back when its Machine is deleted', async ({ site }) => {
    site.host('bo-deleted').fallBack(5);
    await beginOn(site, 'bo-deleted');
    await untilReason(site, 'bo-deleted', 'Booted', 'BootedFallback');
    await deleteMachine(site, 'bo-deleted');
    await untilGone(site, 'bo-deleted');
    await expectReleased(site, 'bo-deleted');
    expect(site.host('bo-deleted').node).toBeUndefined();
  });

  test("and registers under the name of another one's Node says whose, until that one goes", async ({ site }) => {
    const userData = renderJoinConfig({ nodeName: 'bo-my-own-name' });
    await beginOn(site, 'bo-first', { userData });
    expect((await untilJoined(site, 'bo-first')).status?.nodeName).toBe('bo-my-own-name');
    await beginOn(site, 'bo-second', { userData });
    const second = await untilReason(site, 'bo-second', 'NodeJoined', 'NodeNameTaken');
    expect(conditionOf(second, 'NodeJoined')?.message).toContain(
      'Machine bo-first has a Node of the name bo-my-own-name',
    );
    expect(conditionOf(second, 'Ready')?.status).toBe('True');
    await untilWarning(site, 'bo-second', 'NodeNameTaken');
    await deleteMachine(site, 'bo-first');
    await waitForMachine(
      site,
      'bo-second',
      'the name is free',
      (seen) => conditionOf(seen, 'NodeJoined')?.reason !== 'NodeNameTaken',
    );
  });

  test('and keeps the state of nodes on disks of their own is cleared once they are mounted', async ({ site }) => {
    const host = site.host('bo-disks');
    host.disk.useOwnDisks(['/var/lib/etcd', '/var/lib/containerd', '/var/lib/kubelet']);
    await host.disk.write('/var/lib/etcd/member/wal/0.wal', 'of another cluster');
    await host.disk.write('/var/lib/kubelet/pki/old.pem', 'of another node');
    await beginOn(site, 'bo-disks');
    await untilBooted(site, 'bo-disks');
    expect(host.joinProblem).toBeUndefined();
    expect(await host.disk.list('/var/lib/etcd')).toEqual([]);
    expect(await host.disk.read('/var/lib/kubelet/pki/old.pem')).toBeUndefined();
  });
});
