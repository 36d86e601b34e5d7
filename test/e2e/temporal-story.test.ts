import { defaultPayloadConverter } from '@temporalio/common';
import { expect } from 'vitest';
import { z } from 'zod';
import { searchAttributeNames } from '../../api/constants.ts';
import { machineWorkflowId } from '../../domain/life/run-id.ts';
import { untilRunSettled } from '../support/host-answers.ts';
import {
  conditionOf,
  createMachine,
  createPool,
  deleteMachine,
  untilGone,
  untilReason,
  waitForMachine,
} from '../support/machines.ts';
import { readDetails, refOf, runOf } from '../support/runs.ts';
import { fetchHistory, type Site } from '../support/site.ts';
import { siteTest } from '../support/site-test.ts';
import { waitFor } from '../support/wait-for.ts';

// What people see of a run in the Temporal UI: of a machine that runs, beside one that waits for a host.
const host = 'ts-host';
const pools = { running: 'ts-pool', waiting: 'ts-empty' };

const failing = 'ts-bad';
const patchSchema = z.object({ id: z.string() });
const localStepSchema = z.object({ activity_type: z.string() });

const test = siteTest('story', { hosts: [host, failing] }).extend('machines', { scope: 'file' }, async ({ site }) => {
  await createPool(site, pools.running, [host]);
  await createPool(site, pools.waiting, []);
  await createMachine(site, { name: 'ts-running', pool: pools.running });
  await createMachine(site, { name: 'ts-waiting', pool: pools.waiting });
  await untilReason(site, 'ts-waiting', 'InventoryAllocated', 'PoolExhausted');
  await waitForMachine(
    site,
    'ts-running',
    'joined',
    (machine) => conditionOf(machine, 'NodeJoined')?.status === 'True',
  );
  await Promise.all(['ts-running', 'ts-waiting'].map((name) => untilRunSettled(site, name)));
  return { running: await refOf(site, 'ts-running'), waiting: await refOf(site, 'ts-waiting') };
});

/** Ids of the site's runs that a list query finds. */
async function findRuns(site: Site, query: string): Promise<string[]> {
  const ids: string[] = [];
  const ofSite = `WorkflowId STARTS_WITH "machine/${site.namespace}/"`;
  for await (const { workflowId } of site.temporal.workflow.list({ query: `${ofSite} AND ${query}` })) {
    ids.push(workflowId);
  }
  return ids.toSorted();
}

test('the summary of a run names its object', async ({ site, machines: { running, waiting } }) => {
  for (const machine of [running, waiting]) {
    const description = await runOf(site, machine).describe();
    expect(await description.staticSummary()).toBe(`BaremetalMachine ${machine.namespace}/${machine.name}`);
    expect(description.status.name).toBe('RUNNING');
  }
});

test('a run is found by cluster, pool, host, phase and reason', async ({ site, machines: { running, waiting } }) => {
  const both = [running, waiting].map(machineWorkflowId).toSorted();
  const [first, second] = [[machineWorkflowId(running)], [machineWorkflowId(waiting)]];
  const found = [
    ['cluster', 'demo', both],
    ['cluster', 'another', []],
    ['pool', pools.running, first],
    ['pool', pools.waiting, second],
    ['inventory', host, first],
    ['phase', 'Running', first],
    ['phase', 'Pending', second],
    ['reason', 'Ready', first],
    ['reason', 'PoolExhausted', second],
  ] as const;
  for (const [attribute, value, runs] of found) {
    const query = `${searchAttributeNames[attribute]} = "${value}"`;
    const isSo = async () => JSON.stringify(await findRuns(site, query)) === JSON.stringify(runs);
    // The listing lags behind.
    await waitFor(`${query} finds ${runs.length}`, isSo, () => findRuns(site, query));
  }
  expect(await findRuns(site, `${searchAttributeNames.inventory} IS NULL`)).toEqual(second);
});

test('the current details say phase, host, what is waited for, and what can be asked for', async ({
  site,
  machines: { running, waiting },
}) => {
  const pause = '- `pause`: Nothing is written to the host any more until resume';
  const reboot = '- `reboot`: Attempt 1 of the reboot plan is written; node and disks stay as they are';
  expect(await readDetails(site, running)).toBe(
    `**Running** · Runs. Nothing to do until the machine is deleted.\n- Host: \`${host}\`\n${reboot}\n${pause}`,
  );
  const [state, obstacle, ...rest] = (await readDetails(site, waiting)).split('\n');
  expect(state).toBe('**Pending** · Waits for the obstacle below to go; it is noticed at once.');
  expect(obstacle).toMatch(/^- InventoryAllocated: \*\*PoolExhausted\*\* .*ts-empty/);
  expect(rest).toEqual(['- `retry`: The step that is blocked is tried again', pause]);
});

test('each bar and mark of the timeline says what is done, and to which host', async ({
  site,
  machines: { running },
}) => {
  await deleteMachine(site, running.name);
  await untilGone(site, running.name);
  expect(await runOf(site, running).result()).toMatch(/^released: host ts-host in \d/);
  const events = await fetchHistory(site, { metadata: running });
  const bars = events.flatMap(readBar);
  expect(bars.filter(({ summary }) => summary === undefined)).toEqual([]);
  const ofHost = bars.filter(({ summary }) => summary?.includes(host));
  const ownStep = { what: 'writeReprovisionPlan', summary: `Write the reprovision plan for ${host}` };
  expect(ofHost).toEqual([
    // Where all was there for the plan, the claim has written it (ADR 37).
    ...(ofHost[0]?.what === ownStep.what ? [ownStep] : []),
    { what: 'awaitPlanResult', summary: `reprovision on ${host}` },
    { what: 'completeProvisioning', summary: `Report ${host} as provisioned` },
    { what: 'writeCleanPlan', summary: `Write the clean plan for ${host}` },
    { what: 'awaitPlanResult', summary: `clean on ${host}` },
    { what: 'releaseHost', summary: `Give ${host} back to its pool` },
  ]);
  // What is left concerns no host yet, or the object alone.
  const others = bars.filter((bar) => !ofHost.includes(bar)).map(({ summary }) => summary);
  const known = new Set([
    'Look for what is ours already',
    `Claim a host of pool ${pools.running}`,
    ...['Pending', 'Allocated', 'Reprovisioning', 'Running', 'Preparing'].map((phase) => `Report ${phase}`),
    'Deadline for the Node to register',
  ]);
  expect(others.filter((summary) => !known.has(summary ?? ''))).toEqual([]);
  expect(others).toContain(`Claim a host of pool ${pools.running}`);
  expect(events.flatMap(readPatch)).toEqual(['within-task']);
});

test('a wait that ended badly is red and says why, and the run ends with what happened', async ({ site }) => {
  await createPool(site, failing, [failing]);
  await site.host(failing).failStep('elemental upgrade', 1);
  await createMachine(site, { name: failing, pool: failing });
  await untilReason(site, failing, 'PlanApplied', 'PlanFailed');
  const machine = await refOf(site, failing);
  await deleteMachine(site, failing);
  await untilGone(site, failing);
  const events = await fetchHistory(site, { metadata: machine });
  const failures = events.flatMap((event) => event.activityTaskFailedEventAttributes?.failure ?? []);
  expect(failures.map(({ message }) => message)).toEqual([
    expect.stringMatching(/^Step upgrade failed with exit code 1/),
  ]);
  expect(await runOf(site, machine).result()).toMatch(
    /^released: host ts-bad in \d.* \(Pending .*, Reprovisioning .*, Failed .*: PlanFailed, Preparing .*\)$/,
  );
});

type HistoryEvent = Awaited<ReturnType<typeof fetchHistory>>[number];

/** A mark `core_patch` between the bars: the name of a rule that older runs do not have. */
function readPatch(event: HistoryEvent): string[] {
  return readMark(event, 'patch-data').map((data) => patchSchema.parse(data).id);
}

function readMark({ markerRecordedEventAttributes: mark }: HistoryEvent, detail: string): unknown[] {
  const payloads = mark?.details?.[detail]?.payloads ?? [];
  return payloads.map((payload): unknown => JSON.parse(Buffer.from(payload.data ?? []).toString()));
}

/** A bar of the timeline, an activity or a timer, or the mark of a step that was done within its task. */
function readBar(event: HistoryEvent) {
  const activity = event.activityTaskScheduledEventAttributes?.activityType?.name;
  const [mark] = readMark(event, 'data').map((data) => localStepSchema.parse(data).activity_type);
  const what = activity ?? mark ?? (event.timerStartedEventAttributes ? 'timer' : undefined);
  if (what === undefined) return [];
  const payload = event.userMetadata?.summary;
  return [{ what, summary: payload ? defaultPayloadConverter.fromPayload<string>(payload) : undefined }];
}
