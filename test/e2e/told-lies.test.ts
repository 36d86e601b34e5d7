import { describe, expect } from 'vitest';
import { annotations } from '../../api/constants.ts';
import { planSecrets, toValue } from '../../dev/elemental/plan-secret.ts';
import { renderPlan } from '../../domain/plan/document.ts';
import { attemptId } from '../../domain/plan/attempt.ts';
import type { MachineSnapshot } from '../../domain/inputs/machine-snapshot.ts';
import { machineWorkflowId } from '../../domain/life/run-id.ts';
import { operationUpdates } from '../../workflows/messages.ts';
import { attemptsOf, plansReceived } from '../support/host-answers.ts';
import { listHostWrites, markAudit } from '../support/host-writes.ts';
import { allocationState, expectReleased, untilAllocationState } from '../support/hosts.ts';
import { answerByHand, madeUpAnswers, tellLie } from '../support/lies.ts';
import {
  beginOn,
  conditionOf,
  createMachine,
  createPool,
  deleteMachine,
  findMachine,
  untilGone,
  untilProvisioned,
  untilReason,
  waitForMachine,
} from '../support/machines.ts';
import { currentRunId, refOf, runOf } from '../support/runs.ts';
import type { Site } from '../support/site.ts';
import { siteTest } from '../support/site-test.ts';
import { useStack } from '../support/stack.ts';
import { changeMembers } from '../support/worker-groups.ts';

// Whoever reaches Temporal or a plan Secret says what is not so: time may be lost, and no host is harmed.
const lies: [string, Partial<MachineSnapshot>][] = [
  ['deleting', { deleting: true }],
  ['gone', { gone: true }],
  ['deleted', { deleting: true, gone: true }],
];
const lied = lies.flatMap(([lie]) => ['run', 'rep'].map((stage) => `tl-${stage}-${lie}`));
const waiting = lies.map(([lie]) => `tl-pend-${lie}`);
const hosts = [...lied, ...waiting, 'tl-hand', 'tl-attempt'];
/** More than a step or two, with its timers and their status writes, and no loop. */
const fewEvents = 40;

const test = siteTest('lies', { hosts });

async function beginOnSilent(site: Site, name: string): Promise<void> {
  site.host(name).neverAnswer();
  await beginOn(site, name);
  await waitForMachine(site, name, 'Reprovisioning', ({ status }) => status?.phase === 'Reprovisioning');
}

async function endLife(site: Site, name: string): Promise<void> {
  await deleteMachine(site, name);
  await untilGone(site, name);
  await expectReleased(site, name);
}

async function phaseOf(site: Site, name: string): Promise<string | undefined> {
  return (await findMachine(site, name))?.status?.phase;
}

describe.concurrent('a snapshot sent by hand', () => {
  test.for(lies)(
    'that a Running machine is %s cleans no host; a real deletion does',
    async ([lie, snapshot], { site }) => {
      const name = `tl-run-${lie}`;
      await beginOn(site, name);
      await untilProvisioned(site, name);
      const machine = await refOf(site, name);
      const { auditLogPath } = useStack();
      const since = await markAudit(auditLogPath);
      expect(await tellLie(site, machine, snapshot)).toBeLessThan(fewEvents);
      expect(await listHostWrites(auditLogPath, site, { since, hosts: [name] })).toEqual([]);
      expect(await phaseOf(site, name)).toBe('Running');
      expect(conditionOf(await findMachine(site, name), 'Ready')?.status).toBe('True');
      expect(plansReceived(site, name)).toEqual([undefined, 'reprovision']);
      await endLife(site, name);
      expect(plansReceived(site, name)).toEqual([undefined, 'reprovision', 'clean']);
    },
  );

  test.for(lies)('that a Reprovisioning machine is %s writes no other plan', async ([lie, snapshot], { site }) => {
    const name = `tl-rep-${lie}`;
    await beginOnSilent(site, name);
    const machine = await refOf(site, name);
    const { auditLogPath } = useStack();
    const since = await markAudit(auditLogPath);
    expect(await tellLie(site, machine, snapshot)).toBeLessThan(fewEvents);
    expect(await listHostWrites(auditLogPath, site, { since, hosts: [name] })).toEqual([]);
    expect(await phaseOf(site, name)).toBe('Reprovisioning');
    site.host(name).neverAnswer(false);
    await untilProvisioned(site, name);
    expect(plansReceived(site, name)).toEqual([undefined, 'reprovision']);
  });

  test.for(lies)('that a Pending machine is %s lets it wait for its host', async ([lie, snapshot], { site }) => {
    const name = `tl-pend-${lie}`;
    await createPool(site, name, []);
    await createMachine(site, { name, pool: name });
    await untilReason(site, name, 'InventoryAllocated', 'PoolExhausted');
    const machine = await refOf(site, name);
    const told = await currentRunId(site, machine);
    expect(await tellLie(site, machine, snapshot)).toBeLessThan(fewEvents);
    expect(await phaseOf(site, name)).toBe('Pending');
    const run = await site.temporal.workflow.getHandle(machineWorkflowId(machine), told).describe();
    expect(run.status.name).toBe('RUNNING');
    await changeMembers(site, name, [name]);
    await untilProvisioned(site, name);
  });
});

describe.concurrent('a host that is silent', () => {
  test('is not believed to have answered because somebody says so', async ({ site }) => {
    const name = 'tl-hand';
    await beginOnSilent(site, name);
    const machine = await refOf(site, name);
    for (const answer of madeUpAnswers) {
      await answerByHand(site, machine, answer);
      const shown = await findMachine(site, name);
      expect(shown?.spec.providerID, JSON.stringify(answer)).toBeUndefined();
      expect(conditionOf(shown, 'PlanApplied')?.reason, JSON.stringify(answer)).toBe('PlanPending');
      expect(await allocationState(site, name), JSON.stringify(answer)).toBe('Reprovisioning');
    }
    site.host(name).neverAnswer(false);
    await untilProvisioned(site, name);

    site.host(name).neverAnswer();
    await deleteMachine(site, name);
    await untilAllocationState(site, name, 'Preparing');
    await untilReason(site, name, 'PlanApplied', 'PlanPending');
    for (const answer of madeUpAnswers) {
      await answerByHand(site, machine, answer);
      const shown = await findMachine(site, name);
      expect(conditionOf(shown, 'PlanApplied')?.reason, JSON.stringify(answer)).toBe('PlanPending');
      expect(await allocationState(site, name), JSON.stringify(answer)).toBe('Preparing');
    }
    site.host(name).neverAnswer(false);
    await untilGone(site, name);
    await expectReleased(site, name);
    expect(attemptsOf(site, name)).toEqual([undefined, 'reprovision-1', 'clean-1']);
  });
});

test('a host that writes a plan of a later attempt into its Secret gets the next attempt all the same', async ({
  site,
}) => {
  const name = 'tl-attempt';
  await site.host(name).failStep('elemental upgrade', 1);
  await beginOn(site, name);
  const failed = await untilReason(site, name, 'PlanApplied', 'PlanFailed');
  const { uid } = failed.metadata;
  const id = attemptId({ uid, planType: 'reprovision', attempt: 999_999 });
  const plan = renderPlan({ attemptId: id, planType: 'reprovision', script: 'exit 0', files: [] });
  await site.client.patch(
    planSecrets,
    { namespace: site.namespace, name },
    { metadata: { annotations: { [annotations.planAttempt]: id } }, data: { plan: toValue(plan.json) } },
  );
  const request = { actor: 'ada', reason: 'the host is mended' };
  await runOf(site, await refOf(site, name)).executeUpdate(operationUpdates.retry, { args: [request] });
  await untilProvisioned(site, name);
  expect(attemptsOf(site, name).at(-1)).toBe('reprovision-2');
});
