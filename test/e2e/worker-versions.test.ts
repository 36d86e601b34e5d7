import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, inject } from 'vitest';
import type { Service } from '../../dev/lab/services.ts';
import { readReadiness, readRolloutRules, rollOut } from '../support/rolling-update.ts';
import { untilLogged } from '../support/service-log.ts';
import { fetchHistory, type Site } from '../support/site.ts';
import { siteTest } from '../support/site-test.ts';
import { useStack } from '../support/stack.ts';
import { waitFor } from '../support/wait-for.ts';

// Builds of the worker, as versions of one Temporal worker deployment, rolled out as config/manager does it.
const hosts = Array.from({ length: 8 }, (_, index) => `wv${index}`);
const test = siteTest('builds', { hosts, replicas: 3, workers: 0 });
const rules = await readRolloutRules();
let pods: Service[] = [];

test.beforeAll(async ({ site }) => {
  pods = await Promise.all(Array.from({ length: rules.replicas }, (_, index) => launch(site, 'one', index)));
  await untilReady(pods);
});

function launch(site: Site, build: string, index: number, env: Record<string, string> = {}): Promise<Service> {
  return site.launch('worker', `worker-${build}-${index}`, { IRONLOOM_BUILD_ID: build, ...env });
}

async function untilReady(services: readonly Service[]): Promise<void> {
  const read = () => Promise.all(services.map((service) => readReadiness(service, rules)));
  await waitFor('workers are ready', async () => (await read()).every((state) => state === true), read);
}

async function untilUnready(service: Service, words: string): Promise<void> {
  const read = () => readReadiness(service, rules);
  await waitFor(`${service.name} says: ${words}`, async () => String(await read()).includes(words), read);
}

/** Builds that completed workflow tasks of the machines, in their order, and how many tasks failed. */
async function readWork(site: Site) {
  const histories = await Promise.all((await site.machines()).map((machine) => fetchHistory(site, machine)));
  const builds = histories.map((events) =>
    events.flatMap(({ workflowTaskCompletedEventAttributes: done }) => done?.deploymentVersion?.buildId ?? []),
  );
  const failed = histories
    .flat()
    .filter(({ workflowTaskFailedEventAttributes: failure }) => failure !== null && failure !== undefined);
  return { builds, failed: failed.length };
}

test('the first build of a deployment becomes current by itself', async ({ site }) => {
  await site.deploy();
  await site.untilRunning(3);
  expect(new Set((await readWork(site)).builds.flat())).toEqual(new Set(['one']));
});

test('a Deployment rolls to the next build under load, and needs no command', async ({ site }) => {
  const growing = site.scale(hosts.length).then(() => site.untilRunning(hosts.length));
  [pods] = await Promise.all([rollOut(rules, pods, (index) => launch(site, 'two', index)), growing]);
  await untilReady(pods);
  await site.scale(hosts.length - 2);
  await site.untilRunning(hosts.length - 2);
  const { builds, failed } = await readWork(site);
  expect(failed).toBe(0);
  for (const machine of builds) expect(machine).toEqual(machine.toSorted());
  expect(builds.flat()).toContain('two');
});

test('a worker of the old build that starts again takes nothing back, and says so', async ({ site }) => {
  const late = await launch(site, 'one', 9);
  await untilUnready(late, 'build two is current, not one');
  await untilLogged(site, 'worker-one-9', 'Another build took over from this one: it waits for an operator');
  await late.stop();
  await untilReady(pods);
});

test('a worker without a build id beside a current build says so', async ({ site }) => {
  const plain = await launch(site, '', 0);
  await untilUnready(plain, 'a worker without a build id gets no task; give it an IRONLOOM_BUILD_ID');
  await plain.stop();
});

test('a build that open runs cannot go on with does not become current; the old one goes on', async ({ site }) => {
  const code = await readFile(inject('workflowBundle'), 'utf8');
  const broken = join(useStack().dir, 'broken-bundle.js');
  const otherStep = code.replaceAll(/\.beginLife\b/g, '.claimHost');
  expect(otherStep).not.toBe(code);
  await writeFile(broken, otherStep);
  const three = await launch(site, 'three', 0, { IRONLOOM_WORKFLOW_BUNDLE: broken });
  await untilLogged(site, 'worker-three-0', 'Open runs cannot go on with this build: it does not become current');
  await untilUnready(three, 'build two is current, not three');
  await site.scale(hosts.length);
  await site.untilRunning(hosts.length);
  await three.stop();
  expect((await readWork(site)).builds.flat()).not.toContain('three');
});

test('an operator goes back to an older build with one command, and the fleet ends with it', async ({ site }) => {
  const back = await launch(site, 'one', 10);
  await untilUnready(back, 'set-current-version');
  const deployment = { namespace: site.temporal.options.namespace, deploymentName: site.namespace };
  await site.temporal.workflowService.setWorkerDeploymentCurrentVersion({ ...deployment, buildId: 'one' });
  await untilReady([back]);
  await Promise.all(pods.map((pod) => pod.stop()));
  const again = await launch(site, 'two', 11);
  await untilUnready(again, 'build one is current, not two');
  await untilLogged(site, 'worker-two-11', 'Another build took over from this one: it waits for an operator');
  await again.stop();
  pods = [back];
  await site.scale(0);
  await waitFor(
    'the machines are gone',
    async () => (await site.machines()).length === 0,
    () => site.machines(),
    {
      timeoutMs: 90_000,
    },
  );
});
