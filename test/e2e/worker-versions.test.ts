import { afterAll, beforeAll, expect, test } from 'vitest';
import { fetchHistory, type Site, startSite } from '../support/site.ts';
import { waitFor } from '../support/wait-for.ts';

// Two builds of the worker, one after the other, as versions of one Temporal worker deployment.
let site: Site;

beforeAll(async () => {
  site = await startSite('builds', { hosts: ['wv1'], replicas: 1, env: { IRONLOOM_BUILD_ID: 'one' } });
});

afterAll(() => site.close());

async function buildsOf(machine: Parameters<typeof fetchHistory>[1]): Promise<string[]> {
  const events = await fetchHistory(site, machine);
  return events.flatMap(({ workflowTaskCompletedEventAttributes: done }) => done?.deploymentVersion?.buildId ?? []);
}

test('the first build of a deployment becomes current by itself', async () => {
  await site.deploy();
  await site.untilRunning(1);
  const [machine] = await site.machines();
  if (machine === undefined) throw new Error('No machine');
  expect(new Set(await buildsOf(machine))).toEqual(new Set(['one']));
});

test('a run moves on to the build that an operator makes current, and ends there', async () => {
  const [machine] = await site.machines();
  if (machine === undefined) throw new Error('No machine');
  const second = await site.start('worker', 'worker-two', { IRONLOOM_BUILD_ID: 'two' });
  const deployment = { namespace: site.temporal.options.namespace, deploymentName: site.namespace };
  await waitFor(
    'build two is known and has become current',
    () =>
      site.temporal.workflowService.setWorkerDeploymentCurrentVersion({ ...deployment, buildId: 'two' }).then(
        () => true,
        () => false,
      ),
    () => site.temporal.workflowService.describeWorkerDeployment(deployment),
  );
  await Promise.all(site.workers.map((worker) => worker.stop()));
  await site.scale(0);
  await waitFor('the machine is gone', async () => (await site.machines()).length === 0);
  await waitFor(
    'its run is completed',
    async () => (await fetchHistory(site, machine)).at(-1)?.workflowExecutionCompletedEventAttributes,
  );
  const builds = await buildsOf(machine);
  expect(builds.at(0)).toBe('one');
  expect(builds.at(-1)).toBe('two');
  await second.stop();
});
