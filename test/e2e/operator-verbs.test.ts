import { WorkflowUpdateFailedError } from '@temporalio/client';
import { describe, expect } from 'vitest';
import { annotations } from '../../api/constants.ts';
import type { OperatorVerb } from '../../domain/life/machine-life.ts';
import type { MachineRef } from '../../domain/inputs/machine-snapshot.ts';
import { capacityAvailableSignal, lifeQuery, operationUpdates } from '../../workflows/messages.ts';
import { attemptsOf, untilRunSettled } from '../support/host-answers.ts';
import { allocationState, expectReleased, findInventory, untilPoolCounts } from '../support/hosts.ts';
import { listHostWrites } from '../support/host-writes.ts';
import {
  conditionOf,
  createMachine,
  createPool,
  deleteMachine,
  findMachine,
  readShownStatus,
  untilGone,
  untilProvisioned,
  untilReason,
  waitForMachine,
} from '../support/machines.ts';
import { createWays, type OperatorWay, type WayName, wayNames } from '../support/operator-ways.ts';
import { readRequests } from '../support/run-requests.ts';
import { refOf, runOf } from '../support/runs.ts';
import { untilLogged } from '../support/service-log.ts';
import type { Site } from '../support/site.ts';
import { siteTest } from '../support/site-test.ts';
import { useStack } from '../support/stack.ts';
import { waitFor } from '../support/wait-for.ts';
import { type BaremetalMachine, changeMembers } from '../support/worker-groups.ts';

// Each verb in each way in which an operator can ask for it: one machine's life for each way.
interface Life {
  machine: MachineRef;
  way: OperatorWay;
  /** Members of the machine's pool, in its order. */
  first: string;
  second: string;
}

const lifeName = (way: WayName): string => `ov-${way.toLowerCase()}`;
const hosts = wayNames.map(lifeName).flatMap((name) => [`${name}-1`, `${name}-2`]);
const reasonFor = (verb: OperatorVerb): string => `because of ${verb}`;

const test = siteTest('verbs', { hosts });

/** A machine whose pool has no host yet. */
async function beginWaiting(site: Site, way: WayName): Promise<Life> {
  const name = lifeName(way);
  await createPool(site, name, []);
  await createMachine(site, { name, pool: name });
  await untilReason(site, name, 'InventoryAllocated', 'PoolExhausted');
  await untilRunSettled(site, name);
  const query = `WorkflowId STARTS_WITH "machine/${site.namespace}/${name}/"`;
  await waitFor('the run is listed', async () => (await site.temporal.workflow.count(query)).count === 1);
  return { machine: await refOf(site, name), way: createWays(site)[way], first: `${name}-1`, second: `${name}-2` };
}

/** Asks for a verb that makes sense now; answers how the status records it. */
async function ask({ machine, way }: Life, verb: OperatorVerb, answer: string) {
  const told = await way.ask(machine, verb, reasonFor(verb));
  expect(told.accepted, told.text).toBe(true);
  expect(told.text).toContain(answer);
  return { verb, actor: way.actor, reason: reasonFor(verb), accepted: true, answer: told.text };
}

async function askAndSeeRecorded(site: Site, life: Life, verb: OperatorVerb, answer: string): Promise<void> {
  const record = await ask(life, verb, answer);
  const isRecorded = ({ status }: BaremetalMachine): boolean => status?.lastOperation?.verb === verb;
  const recorded = await waitForMachine(site, life.machine.name, `asked to ${verb}`, isRecorded);
  expect(recorded.status?.lastOperation).toEqual(record);
}

async function beRefused(site: Site, { machine, way }: Life): Promise<void> {
  const before = await readShownStatus(site, machine.name);
  const reason = 'impatience';
  const told = await way.ask(machine, 'forceRelease', reason);
  expect(told.accepted, told.text).toBe(false);
  expect(told.text).toContain('Only a host that is being given up');
  const record = { verb: 'forceRelease', actor: way.actor, reason, accepted: false, answer: told.text };
  const after = { ...before, ...(way.recordsRefusals && { lastOperation: record }) };
  await untilRunSettled(site, machine.name);
  expect(await readShownStatus(site, machine.name)).toEqual(after);
}

function untilPaused(site: Site, { machine }: Life, status: 'True' | 'False') {
  const isSo = (found: BaremetalMachine): boolean => conditionOf(found, 'Paused')?.status === status;
  return waitForMachine(site, machine.name, `Paused=${status}`, isSo);
}

/** Hosts come and the run is told so: paused, it takes none. */
async function pauseAndResume(site: Site, life: Life): Promise<void> {
  const { machine, first, second } = life;
  const { name } = machine;
  await askAndSeeRecorded(site, life, 'pause', 'until resume');
  await untilPaused(site, life, 'True');
  await changeMembers(site, name, [first, second]);
  await untilPoolCounts(site, name, { total: 2, available: 2 });
  const run = runOf(site, machine);
  const revision = (await run.query(lifeQuery))?.revision ?? Infinity;
  await run.signal(capacityAvailableSignal);
  await waitFor('the run was woken', async () => ((await run.query(lifeQuery))?.revision ?? 0) > revision);
  await untilRunSettled(site, name);
  expect((await findMachine(site, name))?.status).toMatchObject({ phase: 'Pending', pausedByOperator: true });
  const writes = await listHostWrites(useStack().auditLogPath, site, { since: 0, hosts: [first, second] });
  expect(writes.filter((write) => write.startsWith('ironloom-worker'))).toEqual([]);
  await askAndSeeRecorded(site, life, 'resume', 'goes on');
  await untilPaused(site, life, 'False');
}

/** The first host fails both attempts, the second works. */
async function retryAndReallocate(site: Site, life: Life): Promise<void> {
  const { machine, first, second } = life;
  await untilFailed(site, life, 1);
  await askAndSeeRecorded(site, life, 'retry', 'Attempt 2 of the reprovision plan');
  await untilFailed(site, life, 2);
  expect(attemptsOf(site, first)).toEqual([undefined, 'reprovision-1', 'reprovision-2']);
  await askAndSeeRecorded(site, life, 'reallocate', `Host ${first} is cleaned and given back`);
  const running = await untilProvisioned(site, machine.name);
  expect(running.spec.providerID).toBe(`baremetal:///${second}`);
  expect(running.status?.avoidedInventories).toEqual([first]);
  await expectReleased(site, first);
  expect(attemptsOf(site, first)).toEqual([undefined, 'reprovision-1', 'reprovision-2', 'clean-1']);
}

async function untilFailed(site: Site, { machine }: Life, attempt: number): Promise<void> {
  await waitForMachine(site, machine.name, `failed by attempt ${attempt}`, (found) => {
    const { reason, message = '' } = conditionOf(found, 'PlanApplied') ?? {};
    return reason === 'PlanFailed' && message.includes(`attempt ${attempt},`);
  });
}

/** The host does not answer its clean plan; the object is gone so soon that only the run can tell who asked. */
async function deleteAndForceRelease(site: Site, life: Life): Promise<void> {
  const { machine, way, second } = life;
  site.host(second).neverAnswer();
  await deleteMachine(site, machine.name);
  await untilReason(site, machine.name, 'PlanApplied', 'PlanPending');
  await waitForMachine(site, machine.name, 'Preparing', ({ status }) => status?.phase === 'Preparing');
  const record = await ask(life, 'forceRelease', `Host ${second} is let go uncleaned`);
  await untilGone(site, machine.name);
  const notes = (await findInventory(site, second))?.metadata.annotations ?? {};
  expect(notes[annotations.quarantine]).toContain(`${way.actor}: ${record.reason}`);
  expect(notes[annotations.ownerUid]).toBeUndefined();
  expect(await allocationState(site, second)).toBe('Unavailable');
  await untilPoolCounts(site, machine.name, { total: 2, available: 1, unavailable: 1 });
  const run = runOf(site, machine);
  expect(await run.result()).toMatch(/^released: /);
  expect((await run.query(lifeQuery))?.lastOperation).toEqual(record);
}

describe.concurrent('all verbs', () => {
  test.for(wayNames)('by %s', async (wayName, { site }) => {
    const life = await beginWaiting(site, wayName);
    const { machine, way, first } = life;
    await site.host(first).failStep('elemental upgrade', 2);
    await beRefused(site, life);
    await pauseAndResume(site, life);
    await retryAndReallocate(site, life);
    await deleteAndForceRelease(site, life);
    const accepted = (['pause', 'resume', 'retry', 'reallocate', 'forceRelease'] as const).map((verb) => ({
      verb,
      actor: way.actor,
      reason: reasonFor(verb),
    }));
    const refused = { verb: 'forceRelease', actor: way.actor, reason: 'impatience' };
    expect(await readRequests(site, machine)).toEqual([...(way.recordsRefusals ? [refused] : []), ...accepted]);
  });

  test('asked for with a bad payload, and by unknown names, harm nobody and are told', async ({ site }) => {
    const name = 'ov-bad';
    await createPool(site, name, []);
    await createMachine(site, { name, pool: name });
    await untilReason(site, name, 'InventoryAllocated', 'PoolExhausted');
    await untilRunSettled(site, name);
    const run = runOf(site, await refOf(site, name));
    const before = await readShownStatus(site, name);
    for (const bad of ['garbage', ['ada', 'why'], { actor: 1 }, { reason: 'x'.repeat(1025) }]) {
      const failure: unknown = await run.executeUpdate('retry', { args: [bad] }).catch((error: unknown) => error);
      if (!(failure instanceof WorkflowUpdateFailedError)) throw new Error(`Accepted ${JSON.stringify(bad)}`);
      expect(failure.cause?.message).toContain('The argument must be {"actor": "…", "reason": "…"}');
    }
    await run.signal('pause', 'garbage');
    await run.signal('retyr', {});
    const misfit = 'Ignoring a signal whose argument is not {actor, reason}';
    expect(await untilLogged(site, 'worker-0', misfit)).toMatchObject({ level: 'warn', signal: 'pause' });
    const unknown = await untilLogged(site, 'worker-0', 'Ignoring a signal of a name that nobody knows: retyr');
    expect(unknown).toMatchObject({ level: 'warn' });
    await untilRunSettled(site, name);
    expect(await readShownStatus(site, name)).toEqual(before);
    await run.executeUpdate(operationUpdates.pause, { args: [{ actor: 'ada', reason: 'it still listens' }] });
  });
});
