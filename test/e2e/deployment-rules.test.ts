import { describe, expect } from 'vitest';
import { z } from 'zod';
import { plansReceived, untilRunSettled } from '../support/host-answers.ts';
import { listHostWrites, markAudit } from '../support/host-writes.ts';
import { expectReleased } from '../support/hosts.ts';
import { type Site, summarise } from '../support/site.ts';
import { siteTest } from '../support/site-test.ts';
import { useStack } from '../support/stack.ts';
import { waitFor } from '../support/wait-for.ts';
import {
  type BaremetalMachine,
  changeDeployment,
  deployWorkers,
  listWorkers,
  machineDeployments,
  machineSets,
  untilWorkers,
  untilWorkersRun,
} from '../support/worker-groups.ts';

// Of Cluster API's own specs md_scale and kcp_md_rollout what no other file holds.
const inPlace = ['dr-place-1', 'dr-place-2'];
const foreground = ['dr-fore-1', 'dr-fore-2'];
const test = siteTest('deployment-rules', { hosts: [...inPlace, ...foreground] });

const rolledSchema = z.object({
  metadata: z.object({ generation: z.number() }),
  status: z.object({ observedGeneration: z.number(), replicas: z.number(), upToDateReplicas: z.number() }),
});

/** Cluster API has seen the last change, and all machines are as it wants them. */
async function untilAllUpToDate({ client, namespace }: Site, name: string, count: number): Promise<void> {
  const find = () => client.get({ ...machineDeployments, schema: rolledSchema }, { namespace, name });
  await waitFor(
    `${name} is up to date`,
    async () => {
      const { metadata, status } = await find();
      const isSeen = status.observedGeneration === metadata.generation;
      return isSeen && status.replicas === count && status.upToDateReplicas === count;
    },
    find,
    { timeoutMs: 120_000 },
  );
}

describe.concurrent('a MachineDeployment', { timeout: 240_000 }, () => {
  test('whose labels, annotations and time limits change hands them on in place, and no host notices', async ({
    site,
  }) => {
    await deployWorkers(site, { name: 'place', hosts: inPlace, replicas: 2 });
    const before = await untilWorkersRun(site, 'place', 2);
    const untilGroupSettled = () => Promise.all(before.map((machine) => untilRunSettled(site, machine.metadata.name)));
    await untilGroupSettled();
    const since = await markAudit(useStack().auditLogPath);
    const metadata = { labels: { rack: 'five' }, annotations: { 'example.com/owner': 'team' } };
    const deletion = {
      nodeDrainTimeoutSeconds: 30,
      nodeVolumeDetachTimeoutSeconds: 30,
      nodeDeletionTimeoutSeconds: 30,
    };
    await changeDeployment(site, 'place', { minReadySeconds: 1, template: { metadata, spec: { deletion } } });
    await untilWorkers(site, 'place', 'labelled', (all) =>
      all.every(
        ({ metadata: { labels, annotations } }) => labels['rack'] === 'five' && annotations['example.com/owner'],
      ),
    );
    await untilAllUpToDate(site, 'place', 2);
    const uidsOf = (all: readonly BaremetalMachine[]) => all.map((machine) => machine.metadata.uid).toSorted();
    expect(uidsOf(await listWorkers(site, 'place'))).toEqual(uidsOf(before));
    await untilGroupSettled();
    expect(await listHostWrites(useStack().auditLogPath, site, { since, hosts: inPlace })).toEqual([]);
  });

  test('that is deleted in the foreground goes after its machines, whose hosts are clean', async ({ site }) => {
    await deployWorkers(site, { name: 'fore', hosts: foreground, replicas: 2 });
    await untilWorkersRun(site, 'fore', 2);
    const key = { namespace: site.namespace, name: 'fore' };
    await site.client.delete(machineDeployments, key, { propagationPolicy: 'Foreground' });
    await waitFor(
      'the deployment is gone',
      async () => (await site.client.find(machineDeployments, key)) === undefined,
      () => summarise(site),
      { timeoutMs: 120_000 },
    );
    expect(await listWorkers(site, 'fore')).toEqual([]);
    const sets = (await site.client.list(machineSets, { namespace: site.namespace })).items.map((item) =>
      machineSets.schema.parse(item),
    );
    expect(sets.filter(({ metadata }) => metadata.name.startsWith('fore'))).toEqual([]);
    for (const host of foreground) {
      await expectReleased(site, host);
      expect(plansReceived(site, host)).toEqual([undefined, 'reprovision', 'clean']);
    }
  });
});
