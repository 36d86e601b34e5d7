import { randomUUID } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect } from 'vitest';
import {
  baremetalClusters,
  baremetalMachines,
  capiClusters,
  capiMachines,
  events,
  machineInventories,
  machineInventoryPools,
} from '../../api/resources.ts';
import { renderJoinConfig } from '../support/bootstrap-data.ts';
import { findWord, holdsWord } from '../support/find-word.ts';
import { expectReleased, getPlanSecret } from '../support/hosts.ts';
import {
  beginOn,
  conditionOf,
  deleteMachine,
  untilGone,
  untilProvisioned,
  untilReason,
  waitForMachine,
} from '../support/machines.ts';
import { recordObjects, withAllFields } from '../support/object-recorder.ts';
import type { Site } from '../support/site.ts';
import { beside, siteTest } from '../support/site-test.ts';
import { useStack } from '../support/stack.ts';
import { waitFor } from '../support/wait-for.ts';

// A secret of a site: in the bootstrap data, and in what the commands of the hosts print.
const canary = `canary-${randomUUID()}`;
const print = `token=${canary}\n`;
const hosts = ['ca-good', 'ca-failing', 'ca-broken', 'ca-unknown'];
const kinds = [
  baremetalMachines,
  baremetalClusters,
  machineInventoryPools,
  machineInventories,
  capiMachines,
  capiClusters,
  events,
];

const test = siteTest('canary', { hosts, env: { IRONLOOM_LOG_LEVEL: 'trace' } }).extend(
  'recorded',
  { scope: 'file', auto: true },
  beside(recordKinds),
);

/** All states of the objects of each kind. */
async function recordKinds(site: Site) {
  const recorders = await Promise.all(kinds.map((kind) => recordObjects(site, withAllFields(kind))));
  return {
    seen: recorders.map(({ seen }) => seen),
    async stop() {
      await Promise.all(recorders.map((recorder) => recorder.stop()));
    },
  };
}

/** Whether the host's plan Secret holds the canary, in the plan or in the output of its instructions. */
async function planSecretHolds(site: Site, host: string, key: string): Promise<boolean> {
  return holdsWord(Buffer.from((await getPlanSecret(site, host)).data[key] ?? '', 'base64'), canary);
}

test('machines live with the canary, in success and in failure', async ({ site }) => {
  const good = site.host('ca-good');
  await good.failStep('elemental upgrade', 1, { exitCode: 0, output: print });
  const failing = site.host('ca-failing');
  await failing.failStep('elemental upgrade', 1, { output: `x509: ${print}`, delayMs: 500 });
  const secretFile = canary;
  await Promise.all([
    beginOn(site, 'ca-good', { userData: renderJoinConfig({ secretFile }) }),
    beginOn(site, 'ca-failing', { userData: renderJoinConfig({ secretFile }) }),
    beginOn(site, 'ca-broken', { userData: `#cloud-config\nwrite_files: [${canary}: {\n` }),
    beginOn(site, 'ca-unknown', { userData: renderJoinConfig({ secretFile, kubeadm: `kubeadm.k8s.io/${canary}` }) }),
  ]);
  await untilProvisioned(site, 'ca-good');
  // Provisioned means that the plan was applied; only then the host reboots into its seed.
  await waitFor(
    'ca-good has booted and joined',
    () => good.node?.registered,
    () => good.joinProblem,
  );
  expect(await good.disk.read('/var/lib/cloud/seed/nocloud/user-data')).toContain(canary);
  expect(await good.disk.read('/etc/example/secret')).toBe(canary);
  expect(await planSecretHolds(site, 'ca-good', 'plan')).toBe(true);
  // The output of a command that worked stays in a log on the host, whose tail is printed.
  expect(await good.disk.read('/var/lib/elemental/ironloom/reprovision.log')).toContain(canary);

  const failed = await untilReason(site, 'ca-failing', 'PlanApplied', 'PlanFailed');
  expect(conditionOf(failed, 'PlanApplied')?.message).toContain('Step upgrade failed with exit code 1');
  expect(await planSecretHolds(site, 'ca-failing', 'failed-output')).toBe(true);
  await untilReason(site, 'ca-broken', 'BootstrapReady', 'BootstrapInvalid');
  await untilReason(site, 'ca-unknown', 'BootstrapReady', 'BootstrapInvalid');
});

test('and end', async ({ site }) => {
  await site.host('ca-good').failStep('systemctl stop', 2, { exitCode: 0, output: print });
  await site.host('ca-failing').failStep('systemctl stop', 1, { output: print, delayMs: 500 });
  await Promise.all(hosts.map((name) => deleteMachine(site, name)));
  await Promise.all(['ca-good', 'ca-broken', 'ca-unknown'].map((name) => untilGone(site, name)));
  await expectReleased(site, 'ca-good');
  // It said so of its first plan already.
  await waitForMachine(site, 'ca-failing', 'told that its clean plan failed', (machine) => {
    const { reason, message } = conditionOf(machine, 'PlanApplied') ?? {};
    return reason === 'PlanFailed' && message?.includes('Step stop-kubelet failed') === true;
  });
  expect(await planSecretHolds(site, 'ca-failing', 'failed-output')).toBe(true);
});

test('no workflow history, search attribute or query holds the canary', async ({ site }) => {
  const { workflow } = site.temporal;
  const query = `WorkflowId STARTS_WITH "machine/${site.namespace}/"`;
  let runs = 0;
  for await (const { workflowId, runId } of workflow.list({ query })) {
    runs += 1;
    const handle = workflow.getHandle(workflowId, runId);
    const history = await handle.fetchHistory();
    // The image stands in payloads only: the search sees what they hold.
    expect(findWord(history, 'registry.example.com/baremetal/node-image')).toBeDefined();
    expect(findWord(history, canary)).toBeUndefined();
    expect(findWord(await handle.describe(), canary)).toBeUndefined();
    expect(findWord(await handle.query('__temporal_workflow_metadata'), canary)).toBeUndefined();
    expect(findWord(await handle.query('life'), canary)).toBeUndefined();
  }
  expect(runs).toBeGreaterThanOrEqual(hosts.length);
});

test('no state of any object, and no Event, held the canary', ({ recorded: { seen } }) => {
  for (const states of seen) expect(states.length).toBeGreaterThan(0);
  expect(findWord(seen, 'ca-failing')).toBeDefined();
  expect(findWord(seen, canary)).toBeUndefined();
});

test('no log line and no metric of worker and bridge holds the canary', async ({ site }) => {
  const { logs } = useStack();
  const files = (await readdir(logs)).filter((file) => file.startsWith(site.namespace));
  expect(files).toHaveLength(2);
  for (const file of files) {
    const log = await readFile(join(logs, file), 'utf8');
    expect(log).toContain('ca-failing');
    expect(holdsWord(log, canary), file).toBe(false);
  }
  for (const { url } of [...site.workers, site.bridge]) {
    const metrics = await (await fetch(`${url}/metrics`)).text();
    expect(metrics).toContain('ironloom_informer');
    expect(holdsWord(metrics, canary)).toBe(false);
  }
});
