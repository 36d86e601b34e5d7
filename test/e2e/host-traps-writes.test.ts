import { describe, expect } from 'vitest';
import { annotations, foreign } from '../../api/constants.ts';
import { baremetalMachines, machineInventories, machineInventoryPools, secrets } from '../../api/resources.ts';
import { elementalAnnotations } from '../../dev/elemental/inventory.ts';
import { touchInventory } from '../../dev/elemental/operator.ts';
import { planSecrets, readText, toValue } from '../../dev/elemental/plan-secret.ts';
import { checksumOf } from '../../domain/plan/document.ts';
import { renderJoinConfig } from '../support/bootstrap-data.ts';
import { findInventory, getPlanSecret, untilAllocationState } from '../support/hosts.ts';
import { listHostWrites, markAudit } from '../support/host-writes.ts';
import {
  bootstrapSecretOf,
  conditionOf,
  createMachine,
  deleteMachine,
  untilGone,
  untilProvisioned,
  untilReason,
  waitForMachine,
} from '../support/machines.ts';
import { useStack } from '../support/stack.ts';
import type { Site } from '../support/site.ts';
import {
  commandsOf,
  outputNames,
  planTypesOf,
  runsByType,
  requestOperation,
  runsOf,
  untilRuns,
  untilSecret,
} from '../support/trap-hosts.ts';
import { waitFor } from '../support/wait-for.ts';
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
const test = trapTest('trapw');

describe.concurrent('writes', () => {
  test('trap 5: whatever happens while a host is at work, nobody writes to its Secret, so that its failure counts', async ({
    site,
    hosts,
  }) => {
    const host = await hosts.addWithPool('ht-quiet');
    await beginOnSilent(site, host);
    const { metadata } = await getPlanSecret(site, 'ht-quiet');
    const since = await markAudit(useStack().auditLogPath);
    const key = { namespace: site.namespace, name: 'ht-quiet' };
    const labels = { 'example.com/note': 'changed' };
    await touchInventory(site.client, key);
    await site.client.patch(machineInventories, key, { metadata: { labels } });
    await site.client.patch(baremetalMachines, key, { metadata: { labels } });
    await site.client.patch(
      secrets,
      { ...key, name: bootstrapSecretOf('ht-quiet') },
      { data: { value: toValue(renderJoinConfig({ secretFile: 'changed' })) } },
    );
    const machineInventoriesOfPool = [{ name: 'ht-quiet', hostname: 'another-name' }];
    await site.client.patch(machineInventoryPools, key, { spec: { machineInventories: machineInventoriesOfPool } });
    await untilReason(site, 'ht-quiet', 'PlanApplied', 'PlanTimedOut');
    for (const verb of ['pause', 'resume']) {
      await requestOperation(site, 'ht-quiet', verb);
      await waitForMachine(site, 'ht-quiet', `${verb}d`, ({ status }) => status?.lastOperation?.verb === verb);
    }
    expect((await getPlanSecret(site, 'ht-quiet')).metadata.resourceVersion).toBe(metadata.resourceVersion);
    const writes = await listHostWrites(useStack().auditLogPath, site, { since, hosts: ['ht-quiet'] });
    expect(writes.filter((write) => write.includes(' secrets '))).toEqual([]);
    await host.failStep('elemental upgrade', 1);
    host.neverAnswer(false);
    await untilFailed(site, 'ht-quiet', 1);
    expect(runsOf(host)).toBe(1);
  });

  test("trap 8: each plan begins with no failures, and elemental's own reset inherits no limit from a host given back", async ({
    site,
    hosts,
  }) => {
    const host = await hosts.addWithPool('ht-count', { times: { retryCooldownMs: 200, periodMs: 300 } });
    await host.failStep('elemental upgrade', 2);
    await begin(site, 'ht-count');
    await untilFailed(site, 'ht-count', 1);
    await requestOperation(site, 'ht-count', 'retry');
    await untilFailed(site, 'ht-count', 2);
    expect(readText((await getPlanSecret(site, 'ht-count')).data, 'failure-count')).toBe('1');
    await requestOperation(site, 'ht-count', 'retry: again');
    await untilProvisioned(site, 'ht-count');
    await untilJoined(host);
    expect(runsByType(host).slice(1, 3)).toEqual([
      ['reprovision', 1],
      ['reprovision', 1],
    ]);
    expect(planTypesOf(host)).toHaveLength(4);
    await remove(site, host);
    expect((await getPlanSecret(site, 'ht-count')).data['max-failures']).toBeUndefined();

    await host.failStep('shutdown -r', 1);
    const key = { namespace: site.namespace, name: 'ht-count' };
    const notes = { [elementalAnnotations.resettable]: 'true' };
    await site.client.patch(machineInventories, key, { metadata: { annotations: notes } });
    await site.client.delete(machineInventories, key);
    await waitFor(
      'the reset failed once and was tried again',
      async () => (await findInventory(site, 'ht-count')) === undefined,
      () => host.plansReceived,
      { timeoutMs: 90_000 },
    );
  });

  test.for([
    ['fails its clean plan', 'ht-forced', 'PlanFailed'],
    ['is dead', 'ht-forced-dead', 'PlanPending'],
  ] as const)(
    'trap 8: a host that %s and is let go by force tries that plan until it is clean',
    async ([, name, reason], { site, hosts }) => {
      const host = await hosts.addWithPool(name, { times: { retryCooldownMs: 200, periodMs: 300 } });
      await bringUp(site, host);
      await host.failStep('systemctl stop', 3);
      if (reason === 'PlanPending') await host.die();
      await deleteMachine(site, name);
      await untilReason(site, name, 'PlanApplied', reason);
      await requestOperation(site, name, 'forceRelease: nobody waits for it any more');
      await untilGone(site, name);
      expect((await findInventory(site, name))?.metadata.annotations[annotations.quarantine]).toBeDefined();
      await host.powerOn();
      const key = { namespace: site.namespace, name };
      const notes = { [annotations.operation]: 'unquarantine' };
      await site.client.patch(machineInventories, key, { metadata: { annotations: notes } });
      await untilAllocationState(site, name, 'Available');
      const { data } = await getPlanSecret(site, name);
      expect(readText(data, 'applied-checksum')).toBe(checksumOf(Buffer.from(data['plan'] ?? '', 'base64')));
      expect(data['max-failures']).toBeUndefined();
      expect((await commandsOf(host, 'systemctl stop kubelet')).length).toBe(4);
      await createMachine(site, { name: `${name}-next`, pool: name });
      await untilProvisioned(site, `${name}-next`);
    },
  );

  test('trap 9: a host that somebody took under a running node is not written to, and given up by force only', async ({
    site,
    hosts,
  }) => {
    const host = await hosts.addWithPool('ht-selector');
    await bringUp(site, host);
    await untilRuns(host, 2);
    await letSelectorTake(site, 'ht-selector');
    const theirs = await untilSecret(
      site,
      'ht-selector',
      'their result',
      ({ data }) => readText(data, 'applied-checksum') === checksumOf(bootstrapPlan),
    );
    await untilReason(site, 'ht-selector', 'PlanApplied', 'HostTaken');
    await deleteMachine(site, 'ht-selector');
    await waitForMachine(site, 'ht-selector', 'given up and blocked', (machine) => {
      const ready = conditionOf(machine, 'Ready');
      return machine.status?.phase === 'Failed' && ready?.reason === 'HostTaken';
    });
    await requestOperation(site, 'ht-selector', 'forceRelease: it is theirs now');
    await untilGone(site, 'ht-selector');
    expect((await getPlanSecret(site, 'ht-selector')).metadata.resourceVersion).toBe(theirs.metadata.resourceVersion);
    await createMachine(site, { name: 'ht-selector-next', pool: 'ht-selector' });
    await untilReason(site, 'ht-selector-next', 'InventoryAllocated', 'PoolExhausted');
  });

  test('trap 17: a host that was given back shows the others no token', async ({ site, hosts }) => {
    const host = await hosts.addWithPool('ht-token');
    await bringUp(site, host);
    const token = 'abcdef.0123456789abcdef';
    const shown = async (): Promise<string> => {
      const { data } = await getPlanSecret(site, 'ht-token');
      return readText(data, 'plan').replaceAll(/[A-Za-z0-9+/=]{64,}/g, (text) =>
        Buffer.from(text, 'base64').toString(),
      );
    };
    expect(await shown()).toContain(token);
    await remove(site, host);
    expect(await shown()).not.toContain(token);
    expect(outputNames(await getPlanSecret(site, 'ht-token'), 'applied-output')).toEqual(['ironloom-clean']);
  });
});

test('trap 5: each write of ours to a plan Secret was a new plan, or gave the host back', expectOnlyOrders);

const bootstrapPlan = `${JSON.stringify({ files: [], instructions: [] })}\n`;

/** A MachineInventorySelector adopts the host: owner references and annotations are its own, checksums stay. */
async function letSelectorTake(site: Site, name: string): Promise<void> {
  const key = { namespace: site.namespace, name };
  const owner = {
    apiVersion: 'elemental.cattle.io/v1beta1',
    kind: foreign.inventorySelectorKind,
    name: 'theirs',
    uid: 'theirs',
  };
  await site.client.patch(machineInventories, key, { metadata: { ownerReferences: [owner] } });
  const { metadata } = await getPlanSecret(site, name);
  const dropped = Object.keys(metadata.annotations ?? {}).map((note): [string, null] => [note, null]);
  const notes = { ...Object.fromEntries(dropped), [elementalAnnotations.planType]: 'bootstrap' };
  await site.client.patch(planSecrets, key, {
    metadata: { annotations: notes },
    data: { plan: toValue(bootstrapPlan) },
  });
}
