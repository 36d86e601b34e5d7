import { describe, expect } from 'vitest';
import { z } from 'zod';
import { capiMachines } from '../../api/resources.ts';
import { plansReceived } from '../support/host-answers.ts';
import { type AuditMark, listHostWrites, markAudit } from '../support/host-writes.ts';
import { expectReleased } from '../support/hosts.ts';
import { findMachine } from '../support/machines.ts';
import { pinNode } from '../support/pinned-node.ts';
import { type Site, summarise } from '../support/site.ts';
import { siteTest } from '../support/site-test.ts';
import { useStack } from '../support/stack.ts';
import { waitFor } from '../support/wait-for.ts';
import { changeDeployment, deployWorkers, untilWorkersRun } from '../support/worker-groups.ts';

// Cluster API's own spec node_drain, as far as a provider sees it: a host is asked back last.
const test = siteTest('drain', { hosts: ['nd-patient', 'nd-impatient'] });

const deletingSchema = z.object({
  status: z.object({
    conditions: z.array(z.object({ type: z.string(), reason: z.string(), message: z.string().default('') })),
    deletion: z.object({ nodeDrainStartTime: z.string().optional() }).optional(),
  }),
});
const deletedMachines = { ...capiMachines, schema: deletingSchema };

/** Waits until Cluster API says of the Machine that it waits so; answers its words. */
async function untilDeleting({ client, namespace }: Site, name: string, reason: string): Promise<string> {
  const find = async () => {
    const machine = await client.find(deletedMachines, { namespace, name });
    return machine?.status.conditions.find(({ type }) => type === 'Deleting');
  };
  return waitFor(
    `${name} waits: ${reason}`,
    async () => {
      const deleting = await find();
      return deleting?.reason === reason && deleting.message;
    },
    find,
    { timeoutMs: 120_000 },
  );
}

async function expectLeftAlone(site: Site, host: string, name: string, since: AuditMark): Promise<void> {
  expect((await findMachine(site, name))?.metadata.deletionTimestamp).toBeUndefined();
  expect(await listHostWrites(useStack().auditLogPath, site, { since, hosts: [host] })).toEqual([]);
  expect(site.host(host).node).toMatchObject({ running: true });
}

/** One machine on a host of its name. */
async function runOne(site: Site, host: string): Promise<string> {
  await deployWorkers(site, { name: host, hosts: [host], replicas: 1 });
  const [machine] = await untilWorkersRun(site, host, 1);
  return machine?.metadata.name ?? '';
}

// Cluster API looks at a drain every 20 s.
describe.concurrent('a node that cannot be drained', { timeout: 240_000 }, () => {
  test('keeps its host until its Pods are gone and its volumes detached', async ({ site }) => {
    const host = 'nd-patient';
    const name = await runOne(site, host);
    const node = await pinNode(site, host);
    const since = await markAudit(useStack().auditLogPath);
    await changeDeployment(site, host, { replicas: 0 });
    expect(await untilDeleting(site, name, 'DrainingNode')).toContain("violate the pod's disruption budget");
    await expectLeftAlone(site, host, name, since);

    await node.allowEviction();
    await untilDeleting(site, name, 'WaitingForVolumeDetach');
    expect(await node.hasPod()).toBe(false);
    await expectLeftAlone(site, host, name, since);

    await node.detachVolume();
    await untilCleaned(site, host, name);
  });

  test('is given up after the times that its deployment allows, and its host is cleaned', async ({ site }) => {
    const host = 'nd-impatient';
    const name = await runOne(site, host);
    const node = await pinNode(site, host);
    const deletion = { nodeDrainTimeoutSeconds: 1, nodeVolumeDetachTimeoutSeconds: 1 };
    await changeDeployment(site, host, { template: { spec: { deletion } } });
    await changeDeployment(site, host, { replicas: 0 });
    await untilCleaned(site, host, name);
    expect(await node.hasPod()).toBe(true);
    await node.detachVolume();
  });
});

async function untilCleaned(site: Site, host: string, name: string): Promise<void> {
  await waitFor(
    `${name} is gone`,
    async () => (await findMachine(site, name)) === undefined,
    () => summarise(site),
    { timeoutMs: 120_000 },
  );
  await expectReleased(site, host);
  expect(plansReceived(site, host)).toEqual([undefined, 'reprovision', 'clean']);
}
