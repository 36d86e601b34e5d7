import { describe, expect } from 'vitest';
import { readText } from '../../dev/elemental/plan-secret.ts';
import type { SimulatedHost } from '../../dev/host/simulated-host.ts';
import { cleanupMarkerPath, hostStateFolder, seedFolder } from '../../domain/plan/script.ts';
import { userDataLimitBytes } from '../../domain/bootstrap/cloud-init.ts';
import { renderJoinConfig } from '../support/bootstrap-data.ts';
import { expectReleased, getPlanSecret } from '../support/hosts.ts';
import {
  conditionOf,
  deleteMachine,
  findMachine,
  untilGone,
  untilProvisioned,
  untilReason,
} from '../support/machines.ts';
import {
  commandsOf,
  planTypesOf,
  runsByType,
  removePlanSecret,
  requestOperation,
  runsOf,
  untilCommand,
  untilRuns,
} from '../support/trap-hosts.ts';
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

// The traps of the host agent; host-traps.test.ts says which test holds which.
const test = trapTest('trapl');

/** A reboot that does not come while the test lasts. */
const never = { rebootDelayMs: 3_600_000 };

const upgradesOf = async (host: SimulatedHost): Promise<number> => (await commandsOf(host, 'elemental upgrade')).length;

describe.concurrent('a host', () => {
  test('trap 6: that cannot write a file looks dead, the message names both causes, and repaired it answers', async ({
    site,
    hosts,
  }) => {
    const host = await hosts.addWithPool('ht-file');
    await host.disk.write(`${hostStateFolder}/staged`, 'in the way');
    await begin(site, 'ht-file');
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

  test('traps 12 and 13: that prints 2 MB in one line, under the largest user-data, answers within its Secret', async ({
    site,
    hosts,
  }) => {
    const host = await hosts.addWithPool('ht-noise');
    const output = `${'x'.repeat(2_000_000)}\nwrite /var: no space left on device\n`;
    await host.failStep('elemental upgrade', 1, { output });
    const fill = userDataLimitBytes - renderJoinConfig({ secretFile: '' }).length - 1024;
    await begin(site, 'ht-noise', { userData: renderJoinConfig({ secretFile: 'x'.repeat(fill) }) });
    expect(await untilFailed(site, 'ht-noise', 1)).toContain('no space left on the host');
    expect(runsOf(host)).toBe(1);
    const { data } = await getPlanSecret(site, 'ht-noise');
    const sizes = Object.values(data).map((value) => Buffer.byteLength(value, 'base64'));
    expect(sizes.reduce((sum, size) => sum + size, 0)).toBeLessThan(800 * 1024);
    expect(Buffer.byteLength(data['plan'] ?? '', 'base64')).toBeGreaterThan(600 * 1024);
    await requestOperation(site, 'ht-noise', 'retry');
    await untilProvisioned(site, 'ht-noise');
    await untilJoined(host);
  });

  test('trap 15: whose Secret is restored under its node runs the plan again, and nothing comes of it', async ({
    site,
    hosts,
  }) => {
    const host = await hosts.addWithPool('ht-restored');
    await bringUp(site, host);
    await untilRuns(host, 2);
    const restore = await removePlanSecret(site, 'ht-restored');
    await restore();
    await untilRuns(host, 3);
    expect(await upgradesOf(host)).toBe(1);
    expect(host.bootCount).toBe(2);
    expect((await findMachine(site, 'ht-restored'))?.status?.phase).toBe('Running');
    await remove(site, host);
  });

  test('trap 15: whose Secret is restored while its plan is due goes on by retry, as the message says', async ({
    site,
    hosts,
  }) => {
    const host = await hosts.addWithPool('ht-regained');
    await beginOnSilent(site, host);
    const restore = await removePlanSecret(site, 'ht-regained');
    const lost = await untilReason(site, 'ht-regained', 'PlanApplied', 'PlanSecretMissing');
    expect(conditionOf(lost, 'PlanApplied')?.message).toContain('Restore it and retry');
    await restore();
    host.neverAnswer(false);
    await untilRuns(host, 1);
    await requestOperation(site, 'ht-regained', 'retry');
    await untilProvisioned(site, 'ht-regained');
    await untilJoined(host);
  });

  test('traps 18 and 19: that keeps only what stock Elemental keeps still joins, and upgrades and reboots once', async ({
    site,
    hosts,
  }) => {
    const host = await hosts.addWithPool('ht-stock', { stock: true });
    await bringUp(site, host);
    await untilRuns(host, 2);
    await host.reboot();
    await untilRuns(host, 3);
    expect(await upgradesOf(host)).toBe(1);
    expect(await commandsOf(host, 'shutdown')).toHaveLength(1);
    expect(host.bootCount).toBe(3);
    await remove(site, host);
  });

  test.for([
    ['by a crash', 'ht-crash', (host: SimulatedHost) => host.crashBeforePut(2)],
    ['by an outage of the API server', 'ht-outage', (host: SimulatedHost) => host.apiDownAtPut(2)],
  ] as const)(
    'section 1.8: that loses its result twice, %s, upgrades and reboots once',
    async ([, name, lose], { site, hosts }) => {
      const host = await hosts.addWithPool(name, { times: { rebootDelayMs: 1_500 } });
      await beginOnSilent(site, host);
      lose(host);
      host.neverAnswer(false);
      await untilProvisioned(site, name);
      await untilJoined(host);
      expect(planTypesOf(host)).toEqual([undefined, 'reprovision']);
      expect(runsOf(host)).toBeGreaterThanOrEqual(3);
      expect(await upgradesOf(host)).toBe(1);
      expect(host.bootCount).toBe(2);
    },
  );
});

describe.concurrent('trap 7: a deletion', () => {
  test('while the host upgrades waits for the end of it and cancels its reboot', async ({ site, hosts }) => {
    const host = await hosts.addWithPool('ht-upgrading', { times: never });
    await host.failStep('elemental upgrade', 1, { exitCode: 0, delayMs: 4_000 });
    await begin(site, 'ht-upgrading');
    await untilCommand(host, 'elemental upgrade');
    await remove(site, host);
    await expectNeverBooted(host);
  });

  test('while the reboot of an applied plan is due cancels it', async ({ site, hosts }) => {
    const host = await hosts.addWithPool('ht-due', { times: never });
    await begin(site, 'ht-due');
    await untilProvisioned(site, 'ht-due');
    expect(await host.disk.list('/.simulator/power')).toEqual(['scheduled']);
    await remove(site, host);
    await expectNeverBooted(host);
  });

  test('that the delayed reboot of the plan before hits ends clean', async ({ site, hosts }) => {
    const host = await hosts.addWithPool('ht-hit');
    await host.failStep('elemental upgrade', 1, { exitCode: 0, delayMs: 4_000 });
    await begin(site, 'ht-hit');
    await untilCommand(host, 'elemental upgrade');
    await remove(site, host);
    expect(planTypesOf(host)).toEqual([undefined, 'reprovision', 'clean']);
    expect(host.bootCount).toBe(2);
    expect(host.node?.running ?? false).toBe(false);
  });

  test('whose clean plan a reboot interrupts runs it again from its beginning', async ({ site, hosts }) => {
    const host = await hosts.addWithPool('ht-interrupted');
    await bringUp(site, host);
    await untilRuns(host, 2);
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

test('trap 5: each write of ours to a plan Secret was a new plan, or gave the host back', expectOnlyOrders);

/** Nothing of the node that the plan before would have made is left, and nothing will reboot the host. */
async function expectNeverBooted(host: SimulatedHost): Promise<void> {
  expect(planTypesOf(host)).toEqual([undefined, 'reprovision', 'clean']);
  expect(await commandsOf(host, 'shutdown')).toEqual(['shutdown -r +1', 'shutdown -c']);
  expect(await host.disk.list('/.simulator/power')).toEqual([]);
  expect(host.bootCount).toBe(1);
  expect(await host.disk.read(cleanupMarkerPath)).toBeUndefined();
  expect(await host.disk.list(seedFolder)).toEqual([]);
}
