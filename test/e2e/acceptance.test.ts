import { describe, expect } from 'vitest';
import { annotations } from '../../api/constants.ts';
import { machineInventories, machineInventoryPools } from '../../api/resources.ts';
import { hardwareKinds } from '../../dev/host/os/hardware.ts';
import { readAcceptance } from '../../domain/inputs/host-acceptance.ts';
import {
  expectCountersAddUp,
  expectReleased,
  findInventory,
  getPlanSecret,
  untilPoolCounts,
} from '../support/hosts.ts';
import { createMachine, deleteMachine, untilGone, untilProvisioned, untilReason } from '../support/machines.ts';
import { untilEvent } from '../support/object-events.ts';
import type { Site } from '../support/site.ts';
import { recordPools, siteTest } from '../support/site-test.ts';
import { waitFor } from '../support/wait-for.ts';

// Hosts that run the checks of their pools. Each test has a host, a pool of it and a machine, all of the same name.
const refused = {
  'ac-slow-disk': [hardwareKinds.slowDisk, 'disk'],
  'ac-dead-disk': [hardwareKinds.deadDisk, 'disk'],
  'ac-small-disk': [hardwareKinds.smallDisk, 'disk'],
  'ac-no-nic': [hardwareKinds.missingNic, 'links'],
  'ac-slow-link': [hardwareKinds.slowLink, 'links'],
  'ac-memory': [hardwareKinds.smallMemory, 'memory'],
  'ac-agent': [hardwareKinds.oldAgent, 'agent'],
} as const;
const hosts = [
  'ac-fine',
  'ac-silent',
  'ac-failed',
  'ac-quarantine',
  'ac-dropped',
  'ac-killed',
  ...Object.keys(refused),
];

const checks = [
  { name: 'disk', disk: { minSizeGB: 900, rotational: false, minReadMBps: 500 } },
  { name: 'memory', memory: { minGiB: 250 } },
  { name: 'links', nic: { minLinks: 2, minSpeedMbps: 10_000 } },
  { name: 'agent', agent: { minVersion: '0.3.0' } },
  { name: 'own', script: { content: 'echo looked', timeoutSeconds: 20 } },
];

const test = siteTest('accept', { hosts, env: { IRONLOOM_VALIDATE_DEADLINE: '2s' } }).extend(
  'pools',
  { scope: 'file', auto: true },
  recordPools,
);

function makePool({ client, namespace }: Site, name: string, wanted: readonly object[] = checks): Promise<unknown> {
  return client.create(machineInventoryPools, {
    metadata: { namespace, name },
    spec: { clusterName: 'demo', machineInventories: [{ name }], acceptance: { checks: wanted } },
  });
}

/** A machine that waits for this very host. */
async function wish(site: Site, name: string, wanted?: readonly object[]): Promise<void> {
  await makePool(site, name, wanted);
  await createMachine(site, { name, pool: name });
}

async function acceptanceOf(site: Site, host: string) {
  return readAcceptance((await findInventory(site, host))?.metadata.annotations ?? {});
}

async function untilAcceptance(site: Site, host: string, state: string) {
  return waitFor(
    `${host} is ${state}`,
    async () => {
      const acceptance = await acceptanceOf(site, host);
      return acceptance?.state === state && acceptance;
    },
    async () => [(await findInventory(site, host))?.metadata.annotations, (await getPlanSecret(site, host)).data],
    { timeoutMs: 90_000 },
  );
}

const plansOf = (site: Site, host: string) => site.host(host).plansReceived.map(({ type }) => type);

async function ask(site: Site, host: string, verb: string): Promise<void> {
  await site.client.patch(
    machineInventories,
    { namespace: site.namespace, name: host },
    { metadata: { annotations: { [annotations.operation]: verb } } },
  );
}

async function untilMembers(site: Site, pool: string, reason: string): Promise<string> {
  const read = async () =>
    (await site.client.get(machineInventoryPools, { namespace: site.namespace, name: pool })).status?.conditions;
  const found = await waitFor(
    `members of ${pool} are ${reason}`,
    async () => (await read())?.find((condition) => condition.type === 'MembersValid' && condition.reason === reason),
    read,
  );
  return found.message;
}

describe.concurrent('a host whose pool asks for checks', () => {
  test('passes before its first offer, and no machine has it earlier', async ({ site, ledger }) => {
    site.host('ac-fine').neverAnswer();
    await wish(site, 'ac-fine');
    await untilAcceptance(site, 'ac-fine', 'Validating');
    await untilPoolCounts(site, 'ac-fine', { available: 0, unavailable: 1 });
    const waiting = await untilReason(site, 'ac-fine', 'InventoryAllocated', 'PoolExhausted');
    expect(waiting.status?.machineInventoryRef?.name).not.toBe('ac-fine');
    site.host('ac-fine').neverAnswer(false);
    await untilProvisioned(site, 'ac-fine');
    const accepted = await acceptanceOf(site, 'ac-fine');
    expect(accepted?.state).toBe('Accepted');
    expect(accepted?.results?.checks.map(({ name, passed }) => [name, passed])).toEqual(
      checks.map(({ name }) => [name, true]),
    );
    expect(accepted?.results?.checks.at(-1)).toMatchObject({ measured: 'exit code 0', message: 'looked' });
    expect(plansOf(site, 'ac-fine')).toEqual([undefined, 'validate', 'reprovision']);
    await untilEvent(site, 'ac-fine', 'Accepted');
    // In use it keeps what it has passed, and is offered again as it is.
    await deleteMachine(site, 'ac-fine');
    await untilGone(site, 'ac-fine');
    await expectReleased(site, 'ac-fine');
    await untilPoolCounts(site, 'ac-fine', { available: 1 });
    expect(plansOf(site, 'ac-fine')).toEqual([undefined, 'validate', 'reprovision', 'clean']);
    expect(ledger.findBreaches()).toEqual([]);
  });

  test.for(Object.entries(refused))('%s is refused', async ([name, [hardware, check]], { site }) => {
    site.host(name).refit(hardware);
    await wish(site, name);
    const { results } = await untilAcceptance(site, name, 'NotAccepted');
    expect(results?.checks.filter(({ passed }) => !passed).map((result) => result.name)).toEqual([check]);
    await untilPoolCounts(site, name, { available: 0, unavailable: 1 });
    expect(await untilMembers(site, name, 'MemberNotAccepted')).toContain(`${name} (${check})`);
    await untilEvent(site, name, 'NotAccepted');
    await untilReason(site, name, 'InventoryAllocated', 'PoolExhausted');
    // Somebody mends it.
    site.host(name).refit(hardwareKinds.usual);
    await ask(site, name, 'validate');
    await untilProvisioned(site, name);
    expect(plansOf(site, name)).toEqual([undefined, 'validate', 'validate', 'reprovision']);
    await untilMembers(site, name, 'MembersValid');
  });

  test('is told when it says nothing, and what it says later counts', async ({ site }) => {
    site.host('ac-silent').neverAnswer();
    await wish(site, 'ac-silent', []);
    const { results } = await untilAcceptance(site, 'ac-silent', 'NotAccepted');
    expect(results).toEqual({ timedOut: true, checks: [] });
    expect(await untilMembers(site, 'ac-silent', 'MemberNotAccepted')).toContain('ac-silent (timed out)');
    site.host('ac-silent').neverAnswer(false);
    await untilProvisioned(site, 'ac-silent');
    expect(plansOf(site, 'ac-silent')).toEqual([undefined, 'validate', 'reprovision']);
  });

  test('passes anew after a failed reprovision, once it is clean', async ({ site, ledger }) => {
    await site.host('ac-failed').failStep('elemental upgrade', 1);
    await wish(site, 'ac-failed');
    await untilReason(site, 'ac-failed', 'PlanApplied', 'PlanFailed');
    const first = await acceptanceOf(site, 'ac-failed');
    await deleteMachine(site, 'ac-failed');
    await untilGone(site, 'ac-failed');
    await waitFor('another attempt has passed', async () => {
      const acceptance = await acceptanceOf(site, 'ac-failed');
      return acceptance?.state === 'Accepted' && acceptance.attempt !== first?.attempt;
    });
    await untilPoolCounts(site, 'ac-failed', { available: 1 });
    expect(plansOf(site, 'ac-failed')).toEqual([undefined, 'validate', 'reprovision', 'clean', 'validate']);
    const { data } = await getPlanSecret(site, 'ac-failed');
    expect(data['max-failures']).toBeUndefined();
    expect(ledger.findBreaches()).toEqual([]);
  });

  test('passes anew after unquarantine', async ({ site }) => {
    await makePool(site, 'ac-quarantine');
    await untilPoolCounts(site, 'ac-quarantine', { available: 1 });
    await ask(site, 'ac-quarantine', 'quarantine: a fan is loud');
    await untilEvent(site, 'ac-quarantine', 'Quarantined');
    site.host('ac-quarantine').refit(hardwareKinds.unplugged);
    await ask(site, 'ac-quarantine', 'unquarantine');
    await untilAcceptance(site, 'ac-quarantine', 'NotAccepted');
    site.host('ac-quarantine').refit(hardwareKinds.usual);
    await ask(site, 'ac-quarantine', 'quarantine: a cable was missing');
    await waitFor('it is quarantined again', async () => {
      const notes = (await findInventory(site, 'ac-quarantine'))?.metadata.annotations ?? {};
      return notes[annotations.quarantine] !== undefined && notes[annotations.operation] === undefined;
    });
    await ask(site, 'ac-quarantine', 'unquarantine');
    await untilPoolCounts(site, 'ac-quarantine', { available: 1 });
    expect(plansOf(site, 'ac-quarantine')).toEqual([undefined, 'validate', 'validate', 'validate']);
  });

  test('is free again when its pool asks for nothing any more', async ({ site }) => {
    site.host('ac-dropped').refit(hardwareKinds.noDisk);
    await wish(site, 'ac-dropped');
    await untilAcceptance(site, 'ac-dropped', 'NotAccepted');
    const key = { namespace: site.namespace, name: 'ac-dropped' };
    await site.client.patch(machineInventoryPools, key, { spec: { acceptance: null } });
    await untilProvisioned(site, 'ac-dropped');
  });
});

test('a bridge that is killed while a host is at it leaves the attempt to the next one', async ({ site, ledger }) => {
  site.host('ac-killed').neverAnswer();
  await makePool(site, 'ac-killed');
  const { attempt } = await untilAcceptance(site, 'ac-killed', 'Validating');
  await waitFor('the plan stands there', async () => ledger.plansOf('ac-killed').includes(attempt ?? ''));
  await site.bridge.kill();
  site.host('ac-killed').neverAnswer(false);
  await waitFor('the host has answered', async () => plansOf(site, 'ac-killed').includes('validate'));
  await site.start('bridge', 'bridge-after', { IRONLOOM_LEADER_ELECT: 'false' });
  const accepted = await untilAcceptance(site, 'ac-killed', 'Accepted');
  expect(accepted.attempt).toBe(attempt);
  expect(ledger.plansOf('ac-killed')).toEqual([attempt]);
  expect(site.host('ac-killed').plansReceived.filter(({ type }) => type === 'validate')).toHaveLength(1);
});

test('the counters of all pools added up at every moment', async ({ pools }) => {
  expectCountersAddUp(pools.seen);
});
