import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'vitest';
import { parse } from 'yaml';
import { z } from 'zod';
import { resourceOf } from '../../dev/stack/manifests.ts';
import { conditionOf } from '../support/machines.ts';
import { type Site, summarise } from '../support/site.ts';
import { siteTest } from '../support/site-test.ts';
import { waitFor } from '../support/wait-for.ts';
import { type BaremetalMachine, deployWorkers, listWorkers } from '../support/worker-groups.ts';
import { DEPLOYMENT_LABEL } from '../support/worker-manifests.ts';

// Why the MachineHealthCheck of docs/guides/node-management.md has no node start-up time.
const guide = readFileSync(join(import.meta.dirname, '../../docs/guides/node-management.md'), 'utf8');
const healthCheck = { apiVersion: 'cluster.x-k8s.io/v1beta2', kind: 'MachineHealthCheck' };
const checksSchema = z.object({
  kind: z.literal(healthCheck.kind),
  spec: z.object({ checks: z.looseObject({ nodeStartupTimeoutSeconds: z.number() }) }),
});
/** The least that Cluster API takes. */
const HASTY_SECONDS = 30;

const test = siteTest('health-checks', { hosts: [] });

function readGuide(): z.infer<typeof checksSchema>['spec']['checks'] {
  const blocks = [...guide.matchAll(/```yaml\n([\s\S]*?)```/g)].map(([, yaml = '']) => yaml);
  const block = blocks.find((yaml) => yaml.includes(`kind: ${healthCheck.kind}`)) ?? '';
  return checksSchema.parse(parse(block)).spec.checks;
}

async function watchOver(site: Site, name: string, nodeStartupTimeoutSeconds: number): Promise<void> {
  const selector = { matchLabels: { [DEPLOYMENT_LABEL]: name } };
  await site.client.create(resourceOf(healthCheck), {
    metadata: { namespace: site.namespace, name },
    spec: { clusterName: 'demo', selector, checks: { ...readGuide(), nodeStartupTimeoutSeconds } },
  });
}

/** A machine of a pool that has no host for it. */
async function beginToWait(site: Site, name: string): Promise<BaremetalMachine> {
  await deployWorkers(site, { name, hosts: [`${name}-nobody`], replicas: 1 });
  return waitFor(
    `a machine of ${name} waits for a host`,
    async () => {
      const [machine] = await listWorkers(site, name);
      return conditionOf(machine, 'InventoryAllocated')?.reason === 'PoolExhausted' && machine;
    },
    () => summarise(site),
  );
}

test('a node start-up time replaces machines that wait for a host; the one of the guide does not', async ({ site }) => {
  const patient = await beginToWait(site, 'patient');
  await watchOver(site, 'patient', readGuide().nodeStartupTimeoutSeconds);
  const hasty = await beginToWait(site, 'hasty');
  await watchOver(site, 'hasty', HASTY_SECONDS);
  await waitFor(
    'the hasty check has replaced a machine that waited',
    async () => {
      const [machine] = await listWorkers(site, 'hasty');
      return machine !== undefined && machine.metadata.uid !== hasty.metadata.uid;
    },
    () => summarise(site),
    { timeoutMs: 120_000, everyMs: 500 },
  );
  const waiting = await listWorkers(site, 'patient');
  expect(waiting.map(({ metadata }) => metadata.uid)).toEqual([patient.metadata.uid]);
  expect(waiting[0]?.metadata.deletionTimestamp).toBeUndefined();
}, 180_000);
