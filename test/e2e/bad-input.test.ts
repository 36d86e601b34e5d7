import { randomBytes } from 'node:crypto';
import { gzipSync } from 'node:zlib';
import { describe, expect } from 'vitest';
import { secrets } from '../../api/resources.ts';
import { createInventory } from '../../dev/elemental/operator.ts';
import { planSecrets } from '../../dev/elemental/plan-secret.ts';
import { checksumOf } from '../../domain/plan/document.ts';
import { lifeQuery } from '../../workflows/messages.ts';
import { badBootstrap, badContent as content } from '../support/bad-bootstrap.ts';
import { renderJoinConfig } from '../support/bootstrap-data.ts';
import { untilRunSettled } from '../support/host-answers.ts';
import { getPlanSecret } from '../support/hosts.ts';
import {
  beginOn,
  bootstrapSecretOf,
  conditionOf,
  createMachine,
  createPool,
  deleteMachine,
  findMachine,
  untilProvisioned,
  untilReason,
  waitForMachine,
} from '../support/machines.ts';
import { refOf, runOf } from '../support/runs.ts';
import type { Site } from '../support/site.ts';
import { siteTest } from '../support/site-test.ts';
import { waitFor } from '../support/wait-for.ts';

/** Too long for the name of a host, which an inventory's name is by default. */
const longName = `bi-hostname.${'a'.repeat(60)}`;
const others = ['bi-ignition', longName, 'bi-garbage', 'bi-midway', 'bi-plan', 'bi-output', 'bi-bomb'];

const test = siteTest('bad', { hosts: ['bi-good-1', 'bi-good-2'], replicas: 2 });

test.beforeAll(async ({ site }) => {
  await Promise.all([...Object.keys(badBootstrap), ...others].map((name) => site.addHost(name)));
  await site.deploy();
});

async function expectUntouched(site: Site, host: string): Promise<void> {
  expect(Buffer.from((await getPlanSecret(site, host)).data['plan'] ?? '', 'base64').toString()).toBe('{}');
  expect(site.host(host).plansReceived).toHaveLength(1);
}

/** Waits for the refusal of bootstrap data; answers its message. */
async function refusalOf(site: Site, name: string, reason: string): Promise<string | undefined> {
  const machine = await untilReason(site, name, 'BootstrapReady', reason);
  expect(machine.status?.phase).toBe('Failed');
  expect(JSON.stringify(machine.status)).not.toContain(content);
  await expectUntouched(site, name);
  return conditionOf(machine, 'BootstrapReady')?.message;
}

async function writeToPlanSecret(
  site: Site,
  host: string,
  data: Readonly<Record<string, string | Uint8Array>>,
): Promise<void> {
  const encoded = Object.entries(data).map(([key, value]) => [key, Buffer.from(value).toString('base64')] as const);
  const key = { namespace: site.namespace, name: host };
  await site.client.patch(planSecrets, key, { data: Object.fromEntries(encoded) });
}

/** Lets the machine wait for a host that is silent; answers the checksum of its plan. */
async function beginOnSilent(site: Site, host: string): Promise<string> {
  site.host(host).neverAnswer();
  await beginOn(site, host);
  await untilReason(site, host, 'PlanApplied', 'PlanPending');
  return checksumOf(Buffer.from((await getPlanSecret(site, host)).data['plan'] ?? '', 'base64'));
}

const statusKeys = [
  'applied-checksum',
  'applied-output',
  'applied-periodic-output',
  'failed-checksum',
  'failed-output',
  'failure-count',
  'last-apply-time',
  'max-failures',
  'probe-statuses',
  'success-count',
];
const garbageIn = (keys: readonly string[]) => Object.fromEntries(keys.map((key) => [key, randomBytes(100)]));

describe.concurrent('bad bootstrap data', () => {
  test.for(Object.entries(badBootstrap))(
    '%s is refused with its place',
    async ([name, { userData, place }], { site }) => {
      await beginOn(site, name, { userData });
      const message = await refusalOf(site, name, 'BootstrapInvalid');
      expect(message).toContain(`Bootstrap Secret ${bootstrapSecretOf(name)}`);
      expect(message).toContain(place);
      if (name !== 'bi-yaml') return;
      const key = { namespace: site.namespace, name: bootstrapSecretOf(name) };
      await site.client.patch(secrets, key, { data: { value: Buffer.from(renderJoinConfig()).toString('base64') } });
      await untilProvisioned(site, name);
    },
  );

  test('another format is refused', async ({ site }) => {
    const userData = JSON.stringify({ ignition: { version: '3.4.0' }, passwd: content });
    await beginOn(site, 'bi-ignition', { userData, format: 'ignition' });
    expect(await refusalOf(site, 'bi-ignition', 'BootstrapFormatUnsupported')).toContain('cloud-config');
  });

  test('a host name that no node can have, and a network that is none, are refused', async ({ site }) => {
    const network = { interfaces: content };
    await createInventory(site.client, { namespace: site.namespace, name: 'bi-network', spec: { network } });
    await writeToPlanSecret(site, 'bi-network', { 'applied-checksum': checksumOf(Buffer.from('{}')) });
    await createPool(site, 'bi-network', ['bi-network']);
    await createMachine(site, { name: 'bi-network', pool: 'bi-network' });
    const named = [{ name: 'bi-hostname', hostname: longName }];
    await expect(createPool(site, 'bi-hostname', named)).rejects.toThrow('hostname');
    await createPool(site, 'bi-hostname', [longName]);
    await createMachine(site, { name: 'bi-hostname', pool: 'bi-hostname' });
    const misnamed = await untilReason(site, 'bi-hostname', 'BootstrapReady', 'BootstrapInvalid');
    expect(conditionOf(misnamed, 'BootstrapReady')?.message).toContain('is not a DNS-1123 name');
    await expectUntouched(site, longName);
    const machine = await untilReason(site, 'bi-network', 'BootstrapReady', 'BootstrapInvalid');
    expect(conditionOf(machine, 'BootstrapReady')?.message).toContain('spec.network: interfaces has the wrong type');
  });
});

describe.concurrent('a bad plan Secret', () => {
  test('garbage in each key does not outlive the first plan', async ({ site }) => {
    await writeToPlanSecret(site, 'bi-garbage', garbageIn(['plan', 'plan-state', 'plan-revision', ...statusKeys]));
    await beginOn(site, 'bi-garbage');
    await untilProvisioned(site, 'bi-garbage');
  });

  test('garbage while the host is at it is no answer', async ({ site }) => {
    await beginOnSilent(site, 'bi-midway');
    // An agent that cannot read its earlier outputs reports nothing any more.
    const readable = statusKeys.filter((key) => !key.endsWith('-output'));
    for (const key of readable) await writeToPlanSecret(site, 'bi-midway', garbageIn([key]));
    site.host('bi-midway').neverAnswer(false);
    await untilProvisioned(site, 'bi-midway');
    expect(site.host('bi-midway').plansReceived.map(({ type }) => type)).toEqual([undefined, 'reprovision']);
  });

  test('garbage instead of our plan is somebody else', async ({ site }) => {
    await beginOnSilent(site, 'bi-plan');
    await writeToPlanSecret(site, 'bi-plan', garbageIn(['plan']));
    const machine = await untilReason(site, 'bi-plan', 'PlanApplied', 'HostTaken');
    expect(machine.status?.phase).toBe('Failed');
    const theirs = await getPlanSecret(site, 'bi-plan');
    await deleteMachine(site, 'bi-plan');
    const run = runOf(site, await refOf(site, 'bi-plan'));
    await waitFor('the run knows', async () => (await run.query(lifeQuery))?.snapshot.deleting === true);
    await untilRunSettled(site, 'bi-plan');
    const kept = await findMachine(site, 'bi-plan');
    expect(conditionOf(kept, 'PlanApplied')).toMatchObject({ status: 'False', reason: 'HostTaken' });
    expect((await getPlanSecret(site, 'bi-plan')).metadata.resourceVersion).toBe(theirs.metadata.resourceVersion);
  });

  test('an output of 900 KiB is read', async ({ site }) => {
    const checksum = await beginOnSilent(site, 'bi-output');
    const letters = randomBytes(660 * 1024)
      .toString('hex')
      .replaceAll(/\d/g, (digit) => 'ghijklmnop'.charAt(Number(digit)));
    const text = `${letters}\nironloom: step upgrade failed with exit code 1\n`;
    const output = gzipSync(JSON.stringify({ reprovision: Buffer.from(text).toString('base64') }));
    expect(output.length).toBeGreaterThan(870 * 1024);
    await writeToPlanSecret(site, 'bi-output', {
      'failed-output': output,
      'failed-checksum': checksum,
      'failure-count': '1',
    });
    const machine = await untilReason(site, 'bi-output', 'PlanApplied', 'PlanFailed');
    const message = conditionOf(machine, 'PlanApplied')?.message ?? '';
    expect(message).toContain('Step upgrade failed with exit code 1: the cause is not recognised');
    expect(message.length).toBeLessThan(500);
  });

  test('an output that unpacks to 64 MiB is not', async ({ site }) => {
    const host = site.host('bi-bomb');
    host.faults.output = 'huge';
    await host.failStep('elemental upgrade', 1, { delayMs: 300 });
    await beginOn(site, 'bi-bomb');
    const machine = await untilReason(site, 'bi-bomb', 'PlanApplied', 'PlanFailed');
    expect(conditionOf(machine, 'PlanApplied')?.message).toContain('its output unpacks to too many bytes');
  });
});

test('meanwhile the others have come up, and worker and bridge still work', async ({ site }) => {
  await waitFor(
    'the two machines of the deployment run',
    async () => {
      const machines = await site.capiMachines();
      const deployed = machines.filter(
        ({ metadata }) => metadata.labels['cluster.x-k8s.io/deployment-name'] === 'workers',
      );
      return deployed.length === 2 && deployed.every(({ status }) => status?.phase === 'Running');
    },
    async () => (await site.machines()).map(({ metadata, status }) => [metadata.name, status?.phase]),
    { timeoutMs: 90_000 },
  );
  for (const { url } of [...site.workers, site.bridge]) expect((await fetch(`${url}/readyz`)).ok).toBe(true);
  // Somebody new comes up after all that, too.
  await site.addHost('bi-late');
  await beginOn(site, 'bi-late');
  await waitForMachine(site, 'bi-late', 'Running', ({ status }) => status?.phase === 'Running');
});
