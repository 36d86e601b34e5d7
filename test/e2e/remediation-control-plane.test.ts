import { afterAll, expect } from 'vitest';
import { foreign } from '../../api/constants.ts';
import { findFreePorts } from '../../dev/process/ports.ts';
import { nodes } from '../../dev/host/node/kube-api.ts';
import type { KubeClient } from '../../runtime/kube/client.ts';
import { deployBareCluster, listMachines, untilControlPlane } from '../support/control-plane.ts';
import { listEtcdMembers, openWorkloadCluster } from '../support/control-plane-evidence.ts';
import { findRequest, watchHealth } from '../support/health-check.ts';
import { attemptsOf } from '../support/host-answers.ts';
import { hangKubelet } from '../support/node-faults.ts';
import { type Site, summarise } from '../support/site.ts';
import { siteTest } from '../support/site-test.ts';
import { waitFor } from '../support/wait-for.ts';

// What a MachineHealthCheck may do to a control plane that runs on hosts of ours: etcd keeps its members, and one host at a
// time is rebooted. KubeadmControlPlane is the real one; API server and etcd are simulated.
const name = 'planes';
const hosts = ['rp-1', 'rp-2', 'rp-3'];
const test = siteTest('rm-planes', { hosts: [...hosts, 'rp-worker'], replicas: 1 });
let workload: KubeClient | undefined;

afterAll(() => workload?.close());

/** Nobody hears of the node any more, as the node life-cycle controller of the workload cluster would say. */
async function noteSilence(host: string): Promise<void> {
  const conditions = [{ type: 'Ready', status: 'Unknown', lastTransitionTime: new Date().toISOString() }];
  await workload?.patch(nodes, { namespace: '', name: host }, { status: { conditions } });
}

/** What became of the request for the machine of a host, in its own words. */
async function reasonOf(site: Site, host: string): Promise<string> {
  const machine = (await listMachines(site, 'control plane')).find(
    ({ status }) => status?.machineInventoryRef?.name === host,
  );
  const request = machine && (await findRequest(site, machine.metadata.name));
  const ready = request?.status?.conditions?.find(({ type }) => type === 'Ready');
  return request === undefined ? 'none' : `${ready?.reason}: ${ready?.message}`;
}

test('a sick node of a control plane is rebooted, and etcd has the members of before', async ({ site }) => {
  const [port] = await findFreePorts(1);
  await deployBareCluster(site, { name, hosts, workers: ['rp-worker'], port });
  await untilControlPlane(site, name, 'v1.34.2');
  await site.untilRunning(4);
  workload = await openWorkloadCluster(site, name);
  const [members, machines] = await Promise.all([listEtcdMembers(workload), listMachines(site, 'control plane')]);
  await watchHealth(site, name, { clusterName: name, matchLabels: { [foreign.controlPlaneLabel]: '' } });

  await hangKubelet(site, 'rp-2');
  await noteSilence('rp-2');
  await waitFor(
    'the host is told to reboot',
    () => attemptsOf(site, 'rp-2').includes('reboot-1'),
    async () => ({
      request: await reasonOf(site, 'rp-2'),
      machines: await summarise(site),
    }),
  );
  await waitFor(
    'the request goes',
    async () => (await reasonOf(site, 'rp-2')) === 'none',
    () => reasonOf(site, 'rp-2'),
    {
      timeoutMs: 90_000,
    },
  );
  expect(await listEtcdMembers(workload)).toEqual(members);
  const uidsOf = (some: typeof machines): string[] => some.map(({ metadata }) => metadata.uid);
  expect(uidsOf(await listMachines(site, 'control plane'))).toEqual(uidsOf(machines));
}, 300_000);

test('of two sick nodes none is rebooted, until one is well', async ({ site }) => {
  for (const host of ['rp-1', 'rp-3']) {
    await hangKubelet(site, host);
    await noteSilence(host);
  }
  const isRefused = async (host: string): Promise<boolean> =>
    (await reasonOf(site, host)).includes('of the control plane has a Machine that is not well');
  const refused = await waitFor(
    'a reboot is refused',
    async () => ((await isRefused('rp-1')) ? 'rp-1' : (await isRefused('rp-3')) && 'rp-3'),
    () => Promise.all(hosts.map((host) => reasonOf(site, host))),
    { timeoutMs: 60_000 },
  );
  const other = refused === 'rp-1' ? 'rp-3' : 'rp-1';
  expect(attemptsOf(site, refused).filter((attempt) => attempt?.startsWith('reboot'))).toEqual([]);
  await site.host(other).reboot();
  await waitFor(
    `${refused} is rebooted once ${other} is well`,
    () => attemptsOf(site, refused).some((attempt) => attempt?.startsWith('reboot')),
    () => Promise.all(hosts.map((host) => reasonOf(site, host))),
    { timeoutMs: 90_000 },
  );
  await waitFor(
    'the requests go',
    async () => {
      const reasons = await Promise.all(hosts.map((host) => reasonOf(site, host)));
      return reasons.every((reason) => reason === 'none');
    },
    undefined,
    { timeoutMs: 90_000 },
  );
}, 300_000);
