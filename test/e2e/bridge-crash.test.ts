import { readFile } from 'node:fs/promises';
import { expect } from 'vitest';
import { annotations } from '../../api/constants.ts';
import { findOpenWait, letAnswer, plansReceived, untilPlanned, untilSettled } from '../support/host-answers.ts';
import { type Site, summarise } from '../support/site.ts';
import { siteTest } from '../support/site-test.ts';
import { waitFor } from '../support/wait-for.ts';

const hosts = ['bc2', 'bc1', 'bc3'];
/** So that a new bridge need not wait until the dead one's Lease runs out. */
const noLease = { IRONLOOM_LEADER_ELECT: 'false' };

const test = siteTest('bcrash', { hosts, replicas: hosts.length });
let bridge: Site['bridge'];

let restarts = 0;

test('machines made while the bridge is dead are served by the next one, when the Lease has run out', async ({
  site,
}) => {
  await site.bridge.kill();
  for (const host of hosts) site.host(host).neverAnswer();
  await site.deploy();
  await waitFor('three machines are owned', async () => {
    const machines = await site.machines();
    return machines.length === 3 && machines.every(({ metadata }) => metadata.ownerReferences.length > 0);
  });
  expect((await site.machines()).map(({ status }) => status)).toEqual([undefined, undefined, undefined]);
  await restartBridge(site, {});
  await untilPlanned(site, 'reprovision', hosts);
});

test('answers that came while the bridge was dead are not lost', async ({ site }) => {
  await waitFor('three runs wait for their hosts', async () => {
    const waits = await Promise.all((await site.machines()).map(({ metadata }) => findOpenWait(site, metadata)));
    return waits.every((wait) => wait !== undefined);
  });
  await bridge.kill();
  await letAnswer(site, hosts);
  expect((await site.machines()).map(({ status }) => status?.phase)).toEqual(hosts.map(() => 'Reprovisioning'));
  await restartBridge(site, noLease);
  await site.untilRunning(3);
  for (const host of hosts) expect(plansReceived(site, host)).toEqual([undefined, 'reprovision']);
});

test('deletions go on over crashes, and a settled machine is sent nothing by any of the bridges', async ({
  site,
  ledger,
}) => {
  const settled = await untilSettled(site);
  await bridge.kill();
  await restartBridge(site, noLease);
  await untilCompared(bridge);
  await bridge.kill();
  expect(await untilSettled(site)).toEqual(settled);

  await site.scale(1);
  const doomed = await waitFor('two machines are being deleted', async () => {
    const deleted = (await site.machines()).filter(({ metadata }) => metadata.deletionTimestamp !== undefined);
    return deleted.length === 2 && deleted;
  });
  const doomedHosts = doomed.map(({ status }) => status?.machineInventoryRef?.name ?? '');
  for (const host of doomedHosts) site.host(host).neverAnswer();
  await restartBridge(site, noLease);
  await untilPlanned(site, 'clean', doomedHosts);
  await bridge.kill();
  await letAnswer(site, doomedHosts);
  expect(await site.machines()).toHaveLength(3);
  await restartBridge(site, noLease);
  await waitFor(
    'two hosts are available again',
    async () => (await site.machines()).length === 1 && (await site.pool()).status?.available === 2,
    async () => ({ machines: await summarise(site), pool: (await site.pool()).status }),
  );

  const [survivor, ...others] = await untilSettled(site);
  expect(others).toEqual([]);
  expect(survivor).toEqual([survivor?.[0], settled.get(survivor?.[0] ?? '')]);
  for (const host of doomedHosts) expect(plansReceived(site, host)).toEqual([undefined, 'reprovision', 'clean']);
  for (const { metadata } of await site.inventories()) {
    const isFree = doomedHosts.includes(metadata.name);
    expect(metadata.annotations[annotations.allocationState]).toBe(isFree ? 'Available' : 'Allocated');
    expect(metadata.annotations[annotations.ownerUid] === undefined).toBe(isFree);
  }
  expect(ledger.findBreaches()).toEqual([]);
});

async function restartBridge(site: Site, env: Readonly<Record<string, string>>): Promise<void> {
  bridge = await site.start('bridge', `bridge-after-${++restarts}`, env);
}

/** Waits until the bridge has looked at every machine, with all of its caches and with the list of open runs. */
async function untilCompared({ logPath, url }: Site['bridge']): Promise<void> {
  await waitFor('the bridge has compared runs with machines', async () =>
    (await readFile(logPath, 'utf8')).includes('Compared open runs with machines'),
  );
  await waitFor('its queue of machines is empty', async () => {
    const metrics = await (await fetch(`${url}/metrics`)).text();
    return /^ironloom_workqueue_depth\{[^}]*queue="machines"[^}]*\} 0$/m.test(metrics);
  });
}
