import { describe, expect } from 'vitest';
import { annotations, foreign } from '../../api/constants.ts';
import { baremetalMachines, machineInventoryPools } from '../../api/resources.ts';
import { findRequest, REMEDIATION_SECONDS, watchHealth } from '../support/health-check.ts';
import { attemptsOf } from '../support/host-answers.ts';
import { findInventory } from '../support/hosts.ts';
import { conditionOf, findMachine, untilGone, waitForMachine } from '../support/machines.ts';
import { hangKubelet, noteSilentKubelet } from '../support/node-faults.ts';
import { createWays } from '../support/operator-ways.ts';
import { type Site, summarise } from '../support/site.ts';
import { siteTest } from '../support/site-test.ts';
import { waitFor } from '../support/wait-for.ts';
import { type BaremetalMachine, deployWorkers, untilWorkersRun } from '../support/worker-groups.ts';
import { DEPLOYMENT_LABEL } from '../support/worker-manifests.ts';

// docs/guides/node-management.md: a MachineHealthCheck that lets a sick node's host be rebooted before it is replaced.
const test = siteTest('remediation', { hosts: ['rm-heals', 'rm-silent', 'rm-spare', 'rm-paused'] });

/** A group of one machine, watched by Cluster API; answers the machine. */
async function deployWatched(site: Site, name: string, hosts: readonly string[]): Promise<BaremetalMachine> {
  await deployWorkers(site, { name, hosts, replicas: 1 });
  const [machine] = await untilWorkersRun(site, name, 1);
  if (machine === undefined) throw new Error('No machine');
  await watchHealth(site, name, { clusterName: 'demo', matchLabels: { [DEPLOYMENT_LABEL]: name } });
  return machine;
}

/** The kubelet hangs, and Cluster API asks for the Machine to be healed. */
async function fallSick(site: Site, host: string, machine: string) {
  await hangKubelet(site, host);
  return waitFor(
    `a request for ${machine}`,
    async () => {
      await noteSilentKubelet(site, host);
      return findRequest(site, machine);
    },
    () => summarise(site),
    { everyMs: 300 },
  );
}

async function untilHealed(site: Site, machine: string): Promise<void> {
  await waitFor(
    `the request for ${machine} is gone`,
    async () => (await findRequest(site, machine)) === undefined,
    async () => ({ request: await findRequest(site, machine), machine: (await findMachine(site, machine))?.status }),
    { timeoutMs: 90_000 },
  );
}

describe.concurrent('a node that is not healthy', () => {
  test('is healed by a reboot of its host, and nothing is lost', async ({ site }) => {
    const { metadata, spec } = await deployWatched(site, 'rm-heals', ['rm-heals']);
    const host = site.host('rm-heals');
    await host.disk.write('/data/of-the-workload', 'precious');
    const node = await host.disk.read('/etc/kubernetes/kubelet.conf');
    const { bootCount } = host;

    const request = await fallSick(site, 'rm-heals', metadata.name);
    expect(request.metadata.ownerReferences).toMatchObject([{ kind: 'Machine', name: metadata.name }]);
    await untilHealed(site, metadata.name);

    const [healed] = await untilWorkersRun(site, 'rm-heals', 1);
    expect([healed?.metadata.uid, healed?.spec]).toEqual([metadata.uid, spec]);
    expect(healed?.status?.lastOperation).toMatchObject({
      verb: 'reboot',
      actor: 'MachineHealthCheck',
      accepted: true,
    });
    expect(host.bootCount).toBe(bootCount + 1);
    expect(attemptsOf(site, 'rm-heals')).toEqual([undefined, 'reprovision-1', 'reboot-1']);
    expect(await host.disk.read('/etc/kubernetes/kubelet.conf')).toBe(node);
    expect(await host.disk.read('/data/of-the-workload')).toBe('precious');
    await waitForMachine(site, metadata.name, 'Booted', (found) => conditionOf(found, 'Booted')?.status === 'True');
    expect((await findInventory(site, 'rm-heals'))?.metadata.annotations).not.toHaveProperty(annotations.quarantine);
  });

  test('on a silent host is given up in time: it is replaced elsewhere, and the host waits for an operator', async ({
    site,
  }) => {
    const { metadata } = await deployWatched(site, 'rm-silent', ['rm-silent', 'rm-spare']);
    site.host('rm-silent').neverAnswer();
    await fallSick(site, 'rm-silent', metadata.name);
    const request = await waitFor(
      'the host is given up',
      async () => {
        const found = await findRequest(site, metadata.name);
        return found?.status?.phase === 'GivenUp' && found;
      },
      () => findRequest(site, metadata.name),
      { timeoutMs: 2 * REMEDIATION_SECONDS * 1000 },
    );
    expect(request.status?.retryCount).toBe(1);
    const message = 'Host rm-silent did not take its reboot plan within 100 s: it is dead or cut off';
    const ready = request.status?.conditions?.find(({ type }) => type === 'Ready');
    expect(ready).toMatchObject({ reason: 'GivenUp', message });
    const ordered = Date.parse(request.status?.lastRemediated ?? '');
    const given = request.status?.conditions?.find(({ type }) => type === 'HostQuarantined');
    expect(Date.parse(given?.lastTransitionTime ?? '') - ordered).toBeGreaterThanOrEqual(REMEDIATION_SECONDS * 1000);

    await waitForMachine(site, metadata.name, 'being deleted', (old) => old.metadata.deletionTimestamp !== undefined);
    const notes = (await findInventory(site, 'rm-silent'))?.metadata.annotations;
    expect(notes).toMatchObject({
      [annotations.suspect]: message,
      [annotations.quarantine]: `MachineHealthCheck: ${message}`,
    });
    const pool = () => site.client.get(machineInventoryPools, { namespace: site.namespace, name: 'rm-silent' });
    await waitFor(
      'the pool tells of the suspect',
      async () => {
        const valid = (await pool()).status?.conditions?.find(({ type }) => type === 'MembersValid');
        return valid?.reason === 'MemberSuspect' && valid.message.includes(`rm-silent (${message})`);
      },
      pool,
    );

    const told = await createWays(site).update.ask(metadata, 'forceRelease', 'it is dead');
    expect(told.accepted, told.text).toBe(true);
    await untilGone(site, metadata.name);
    const [replacement] = await untilWorkersRun(site, 'rm-silent', 1);
    expect(replacement?.spec.providerID).toBe('baremetal:///rm-spare');
    expect((await pool()).status).toMatchObject({ total: 2, allocated: 1, unavailable: 1 });
    await waitFor(
      'the request goes with its Machine',
      async () => (await findRequest(site, metadata.name)) === undefined,
    );
  });

  test('of a paused machine is left alone, and healed after that', async ({ site }) => {
    const { metadata } = await deployWatched(site, 'rm-paused', ['rm-paused']);
    const { namespace } = site;
    const { name } = metadata;
    const pause = (value: string | null) =>
      site.client.patch(
        baremetalMachines,
        { namespace, name },
        { metadata: { annotations: { [foreign.pausedAnnotation]: value } } },
      );
    await pause('');
    await waitForMachine(site, name, 'paused', (found) => conditionOf(found, 'Paused')?.status === 'True');
    await fallSick(site, 'rm-paused', name);
    await waitFor('the request is paused', async () =>
      (await findRequest(site, name))?.status?.conditions?.some(
        ({ type, status }) => type === 'Paused' && status === 'True',
      ),
    );
    expect(attemptsOf(site, 'rm-paused')).toEqual([undefined, 'reprovision-1']);
    await pause(null);
    await untilHealed(site, name);
    expect(attemptsOf(site, 'rm-paused')).toEqual([undefined, 'reprovision-1', 'reboot-1']);
  });
});
