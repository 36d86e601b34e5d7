import { expect } from 'vitest';
import { foreign } from '../../api/constants.ts';
import type { BaremetalMachine } from '../../api/machine.ts';
import { baremetalMachines } from '../../api/resources.ts';
import type { Service } from '../../dev/lab/services.ts';
import { lifeQuery, machineObservedSignal } from '../../workflows/messages.ts';
import { untilWarning } from '../support/object-events.ts';
import {
  conditionOf,
  createMachine,
  createPool,
  deleteMachine,
  untilGone,
  untilProvisioned,
  waitForMachine,
} from '../support/machines.ts';
import { refOf, runOf } from '../support/runs.ts';
import type { Site } from '../support/site.ts';
import { siteTest } from '../support/site-test.ts';
import { startTcpGate } from '../support/tcp-gate.ts';
import { waitFor } from '../support/wait-for.ts';

// Nobody works on the machines: whoever looks must learn it, from the processes and from the machines themselves.
const test = siteTest('nobody', { hosts: ['nw1'], workers: 0 }).extend(
  'gate',
  { scope: 'file' },
  async ({ cluster }, { onCleanup }) => {
    const gate = await startTcpGate(cluster.temporal.address);
    onCleanup(() => gate.close());
    return gate;
  },
);
let worker: Service;

test.beforeAll(({ site }) => createPool(site, 'nw', ['nw1']));

/** The lines of `/readyz` about one check. */
async function untilCheck(service: Service, check: string, line: string): Promise<void> {
  const read = async () => (await fetch(`${service.url}/readyz`)).text();
  await waitFor(
    `/readyz of ${service.name}: ${check} ${line}`,
    async () => (await read()).split('\n').some((each) => each.slice(4).startsWith(check) && each.includes(line)),
    read,
    // Temporal still shows a worker whose connection broke for more than a minute.
    { timeoutMs: 100_000 },
  );
}

async function untilUnattended(site: Site, count: number): Promise<void> {
  const read = async () =>
    /^ironloom_machines_unattended\{.*\} (\d+)$/m.exec(await (await fetch(`${site.bridge.url}/metrics`)).text());
  await waitFor(`${count} machines are unattended`, async () => (await read())?.[1] === String(count), read, {
    timeoutMs: 100_000,
  });
}

test('without a worker the bridge is not ready, and a machine says after a minute that nobody looks', async ({
  site,
}) => {
  await untilCheck(site.bridge, 'runs', 'no worker asks for its tasks');
  await createMachine(site, { name: 'nw', pool: 'nw' });
  await untilUnattended(site, 1);
  const { message } = await untilWarning(site, 'nw', 'Unattended');
  expect(message).toMatch(/^No run has looked at this machine for \d+ s: no worker asks for its tasks$/);
});

test('a worker that is ready has all taken up', async ({ site, gate }) => {
  worker = await site.start('worker', 'worker', { TEMPORAL_ADDRESS: gate.address });
  await untilCheck(worker, 'tasks', '[+]');
  await untilCheck(site.bridge, 'runs', '[+]');
  await untilProvisioned(site, 'nw');
  await untilUnattended(site, 0);
});

test('a worker that Temporal does not answer is not ready, and is when it does again', async ({ gate }) => {
  gate.cut();
  await untilCheck(worker, 'tasks', 'Temporal does not answer');
  gate.open();
  await untilCheck(worker, 'tasks', '[+]');
});

test('a word that an older one, told later, has put away is told again', async ({ site }) => {
  const machine = await refOf(site, 'nw');
  const run = runOf(site, machine);
  const life = await run.query(lifeQuery);
  if (life === null) throw new Error('The run knows nothing');
  await worker.stop();
  const pause = (paused: string | null) =>
    site.client.patch(baremetalMachines, machine, {
      metadata: { annotations: { [foreign.pausedAnnotation]: paused } },
    });
  const isTold = async () =>
    (await run.fetchHistory()).events?.some(({ workflowExecutionSignaledEventAttributes: signal }) =>
      Buffer.from(signal?.input?.payloads?.[0]?.data ?? []).includes('"paused":true'),
    ) === true;
  await pause('true');
  await waitFor('the run is told of the pause', isTold);
  await run.signal(machineObservedSignal, life.snapshot);
  worker = await site.start('worker', 'worker-of-flips');
  const isPaused = (one: BaremetalMachine) => conditionOf(one, 'Paused')?.status === 'True';
  await waitForMachine(site, 'nw', 'paused', isPaused);
  await pause(null);
});

test('a machine that is deleted while no worker is there says so', async ({ site }) => {
  await worker.stop();
  await untilCheck(site.bridge, 'runs', 'no worker asks for its tasks');
  await deleteMachine(site, 'nw');
  await untilUnattended(site, 1);
  worker = await site.start('worker', 'worker-again');
  await untilGone(site, 'nw');
  await untilUnattended(site, 0);
});
