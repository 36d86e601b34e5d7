import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import type { Service } from '../../dev/lab/services.ts';
import { readReadiness, readRolloutRules, rollOut, type RolloutRules } from '../support/rolling-update.ts';
import { untilLogged } from '../support/service-log.ts';
import { fetchHistory, type Site, startSite } from '../support/site.ts';
import { useStack } from '../support/stack.ts';
import { waitFor } from '../support/wait-for.ts';

// Builds of the worker, as versions of one Temporal worker deployment, rolled out as config/manager does it.
const hosts = Array.from({ length: 8 }, (_, index) => `wv${index}`);
let site: Site;
let rules: RolloutRules;
let pods: Service[] = [];

beforeAll(async () => {
  rules = await readRolloutRules();
  site = await startSite('builds', { hosts, replicas: 3, workers: 0 });
  pods = await Promise.all(Array.from({ length: rules.replicas }, (_, index) => launch('one', index)));
  await untilReady(pods);
});

afterAll(async () => {
  await Promise.all(pods.map((pod) => pod.stop()));
  await site.close();
});

function launch(build: string, index: number, env: Record<string, string> = {}): Promise<Service> {
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
async function readWork() {
  const histories = await Promise.all((await site.machines()).map((machine) => fetchHistory(site, machine)));
  const builds = histories.map((events) =>
    events.flatMap(({ workflowTaskCompletedEventAttributes: done }) => done?.deploymentVersion?.buildId ?? []),
  );
  const failed = histories
    .flat()
    .filter(({ workflowTaskFailedEventAttributes: failure }) => failure !== null && failure !== undefined);
  return { builds, failed: failed.length };
}

test('the first build of a deployment becomes current by itself', async () => {
  await site.deploy();
  await site.untilRunning(3);
  expect(new Set((await readWork()).builds.flat())).toEqual(new Set(['one']));
});

test('a Deployment rolls to the next build under load, and needs no command', async () => {
  const growing = site.scale(hosts.length).then(() => site.untilRunning(hosts.length));
  [pods] = await Promise.all([rollOut(rules, pods, (index) => launch('two', index)), growing]);
  await untilReady(pods);
  await site.scale(hosts.length - 2);
  await site.untilRunning(hosts.length - 2);
  const { builds, failed } = await readWork();
  expect(failed).toBe(0);
  for (const machine of builds) expect(machine).toEqual(machine.toSorted());
  expect(builds.flat()).toContain('two');
});

test('a worker of the old build that starts again takes nothing back, and says so', async () => {
  const late = await launch('one', 9);
  await untilUnready(late, 'build two is current, not one');
  await untilLogged(site, 'worker-one-9', 'Another build took over from this one: it waits for an operator');
  await late.stop();
  await untilReady(pods);
});

test('a worker without a build id beside a current build says so', async () => {
  const plain = await launch('', 0);
  await untilUnready(plain, 'a worker without a build id gets no task; give it an IRONLOOM_BUILD_ID');
  await plain.stop();
});

test('a build that open runs cannot go on with does not become current; the old one goes on', async () => {
  const code = await readFile(inject('workflowBundle'), 'utf8');
  const broken = join(useStack().dir, 'broken-bundle.js');
  await writeFile(broken, code.replaceAll('.beginLife(', '.claimHost('));
  const three = await launch('three', 0, { IRONLOOM_WORKFLOW_BUNDLE: broken });
  await untilLogged(site, 'worker-three-0', 'Open runs cannot go on with this build: it does not become current');
  await untilUnready(three, 'build two is current, not three');
  await site.scale(hosts.length);
  await site.untilRunning(hosts.length);
  await three.stop();
  expect((await readWork()).builds.flat()).not.toContain('three');
});

test('an operator goes back to an older build with one command, and the fleet ends with it', async () => {
  const back = await launch('one', 10);
  await untilUnready(back, 'set-current-version');
  const deployment = { namespace: site.temporal.options.namespace, deploymentName: site.namespace };
  await site.temporal.workflowService.setWorkerDeploymentCurrentVersion({ ...deployment, buildId: 'one' });
  await untilReady([back]);
  await Promise.all(pods.map((pod) => pod.stop()));
  const again = await launch('two', 11);
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
