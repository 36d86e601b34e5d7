import { describe, expect } from 'vitest';
import { machineInventories } from '../../api/resources.ts';
import { createNodeApi } from '../../dev/host/node/kube-api.ts';
import { plansReceived } from '../support/host-answers.ts';
import { allocationState, expectCountersAddUp, expectReleased, untilPoolCounts } from '../support/hosts.ts';
import {
  beginOn,
  conditionOf,
  deleteMachine,
  untilGone,
  untilProvisioned,
  untilReason,
  waitForMachine,
} from '../support/machines.ts';
import { untilWarning } from '../support/object-events.ts';
import { recordPools, siteTest } from '../support/site-test.ts';
import { waitFor } from '../support/wait-for.ts';

// What hosts do not do in time; the deadline of the reprovision plan is in host-failures.test.ts.
const hosts = ['hd-gone', 'hd-mute'];
const env = { IRONLOOM_CLEAN_DEADLINE: '3s', IRONLOOM_NODE_JOIN_DEADLINE: '3s' };
/** Of a Node that somebody registers for a host. */
const byHand = { controlPlane: false, startsCluster: false, endpoint: '', taints: [], labels: {} };

const test = siteTest('deadlines', { hosts, env }).extend('pools', { scope: 'file', auto: true }, recordPools);

describe.concurrent('a host', () => {
  test('that is gone for good while it should be cleaned is not waited for', async ({ site }) => {
    await beginOn(site, 'hd-gone');
    await untilProvisioned(site, 'hd-gone');
    await site.host('hd-gone').die();
    await deleteMachine(site, 'hd-gone');
    const dead = await untilReason(site, 'hd-gone', 'PlanApplied', 'PlanTimedOut');
    expect(dead.status?.phase).toBe('Preparing');
    expect(conditionOf(dead, 'Ready')).toMatchObject({ status: 'False', reason: 'PlanTimedOut' });
    const { message } = await untilWarning(site, 'hd-gone', 'PlanTimedOut');
    expect(message).toContain('No answer to the clean plan, attempt 1, on host hd-gone within 3 s');
    expect(await allocationState(site, 'hd-gone')).toBe('Preparing');
    await untilPoolCounts(site, 'hd-gone', { total: 1, preparing: 1 });
    await site.client.delete(machineInventories, { namespace: site.namespace, name: 'hd-gone' });
    await untilGone(site, 'hd-gone');
    await untilPoolCounts(site, 'hd-gone', { total: 1, unavailable: 1 });
  });

  test('that applied its plan and does not join is reported after the deadline, and counts when it does', async ({
    site,
  }) => {
    await beginOn(site, 'hd-mute', { userData: '#cloud-config\nruncmd:\n  - echo nobody joins\n' });
    const mute = await untilReason(site, 'hd-mute', 'NodeJoined', 'NodeJoinTimedOut');
    expect(mute.status).toMatchObject({ phase: 'Running', ready: true });
    expect(conditionOf(mute, 'NodeJoined')?.message).toContain('Host hd-mute applied its plan and no Node');
    expect(conditionOf(mute, 'Ready')).toMatchObject({ status: 'True', message: '' });
    await untilWarning(site, 'hd-mute', 'NodeJoinTimedOut');
    const mutes = site.host('hd-mute');
    await waitFor(
      'the host has booted and says why it does not join',
      () => mutes.joinProblem?.includes('no kubeadm configuration') === true,
      () => mutes.joinProblem,
    );
    await untilPoolCounts(site, 'hd-mute', { total: 1, allocated: 1 });
    const providerId = mute.spec.providerID ?? '';
    await createNodeApi(site.client).register({ ...byHand, name: 'hd-mute', providerId }, site.host('hd-mute').disk);
    const joined = await waitForMachine(
      site,
      'hd-mute',
      'joined',
      (machine) => conditionOf(machine, 'NodeJoined')?.status === 'True',
    );
    expect(conditionOf(joined, 'Ready')).toEqual(conditionOf(mute, 'Ready'));
    expect(plansReceived(site, 'hd-mute')).toEqual([undefined, 'reprovision']);
    await deleteMachine(site, 'hd-mute');
    await untilGone(site, 'hd-mute');
    await expectReleased(site, 'hd-mute');
  });
});

test('the counters of every pool have added up all the time', ({ pools }) => {
  expectCountersAddUp(pools.seen);
});
