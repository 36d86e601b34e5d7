import { gzipSync } from 'node:zlib';
import { beforeEach, describe, expect, it } from 'vitest';
import type { Secret } from '../../../api/core.ts';
import { secretSchema } from '../../../api/core.ts';
import type { HostView } from '../../../domain/inputs/host-view.ts';
import { attemptId } from '../../../domain/plan/attempt.ts';
import { explainFailure } from '../../../domain/plan/failure-output.ts';
import { renderPlan } from '../../../domain/plan/document.ts';
import { type PlanSecretView, viewPlanSecret } from '../../../domain/plan/secret.ts';
import { AnswerMemory, FIRST_REPEAT_MS } from '../../../k8s-bridge/hosts/answer-memory.ts';
import {
  type HostPlanReconcilerDeps,
  reconcileHostPlan,
  SUSPICION_MS,
} from '../../../k8s-bridge/hosts/plan-reconciler.ts';
import type { ReconcileResult } from '../../../k8s-bridge/reconcile/ports.ts';
import { hostView, ManualClock, MemoryRuns, MemoryStore, silentLogger } from '../bridge-fixtures.ts';

const KEY = 'demo/h1';
const RUN = 'machine/demo/m1/uid-1';
const ACTIVITY = 'await-reprovision-2-h1';
const HOSTLESS_ACTIVITY = 'await-reprovision-2';
const ATTEMPT = attemptId({ uid: 'uid-1', planType: 'reprovision', attempt: 2 });
const PLAN = renderPlan({ attemptId: ATTEMPT, planType: 'reprovision', script: 'true', files: [] });

const base64 = (text: string): string => Buffer.from(text).toString('base64');

/** The host's plan Secret with our plan in it and what the host answered. */
function planSecret(answer: Record<string, string> = {}, resourceVersion = '10'): Secret {
  return secretSchema.parse({
    metadata: { namespace: 'demo', name: 'h1-plan', uid: 'ps', resourceVersion },
    data: { plan: base64(PLAN.json), 'max-failures': base64('1'), ...answer },
  });
}

const applied = { 'applied-checksum': base64(PLAN.checksum) };
const failedOutput = gzipSync(
  JSON.stringify({ reprovision: base64('ironloom: step upgrade failed with exit code 3\n') }),
);
const failed = {
  'failed-checksum': base64(PLAN.checksum),
  'failure-count': base64('1'),
  'failed-output': failedOutput.toString('base64'),
};

function createWorld() {
  const clock = new ManualClock();
  const runs = new MemoryRuns();
  const hosts = new MemoryStore<HostView>([hostView({ plan: { attemptId: ATTEMPT, checksum: PLAN.checksum } })]);
  const planSecrets = new MemoryStore<PlanSecretView>();
  /** Machines whose run is known to have its answer. */
  const answered: string[] = [];
  const live = { secret: undefined as Secret | undefined };
  const deps: HostPlanReconcilerDeps = {
    hosts,
    planSecrets,
    runs,
    findSecret: async () => live.secret,
    reader: { failure: async (output) => explainFailure(output) },
    answers: new AnswerMemory(clock.nowMs),
    noteAnswer: ({ name }) => answered.push(name),
    logger: silentLogger,
  };
  runs.pending.add(`${RUN}/${ACTIVITY}`);
  return {
    clock,
    runs,
    hosts,
    planSecrets,
    live,
    answered,
    reconcile: (): Promise<ReconcileResult> => reconcileHostPlan(KEY, deps),
    /** The Secret changes, and both the cache and the API server have it. */
    write(secret: Secret): void {
      planSecrets.set(viewPlanSecret(secret));
      live.secret = secret;
    },
  };
}

let world: ReturnType<typeof createWorld>;
beforeEach(() => {
  world = createWorld();
});

describe('reconcileHostPlan', () => {
  it('answers the run that waits as soon as the plan is applied', async () => {
    world.write(planSecret(applied));
    await world.reconcile();
    expect(world.runs.calls).toEqual([
      { kind: 'complete', id: RUN, activityIds: [ACTIVITY, HOSTLESS_ACTIVITY], answer: { kind: 'applied' } },
    ]);
    expect(world.runs.pending.size).toBe(0);
    expect(world.answered).toEqual(['m1']);
  });

  it('answers a run that began to wait before the activity id named the host', async () => {
    world.runs.pending.clear();
    world.runs.pending.add(`${RUN}/${HOSTLESS_ACTIVITY}`);
    world.write(planSecret(applied));
    await world.reconcile();
    expect(world.runs.pending.size).toBe(0);
  });

  it('answers a reboot of a host in use until the run has taken the answer', async () => {
    const id = attemptId({ uid: 'uid-1', planType: 'reboot', attempt: 1 });
    const plan = renderPlan({ attemptId: id, planType: 'reboot', script: 'true', files: [] });
    world.hosts.set(hostView({ allocationState: 'Allocated', plan: { attemptId: id, checksum: plan.checksum } }));
    const data = { plan: base64(plan.json), 'applied-checksum': base64(plan.checksum) };
    world.write(planSecret(data));
    await world.reconcile();
    expect(world.runs.calls).toMatchObject([{ activityIds: ['await-reboot-1-h1', 'await-reboot-1'] }]);
    const { 'max-failures': _, ...lifted } = planSecret(data, '11').data;
    world.write({ ...planSecret(data, '11'), data: lifted });
    world.clock.advance(FIRST_REPEAT_MS);
    expect(await world.reconcile()).toEqual({});
    expect(world.runs.calls).toHaveLength(1);
  });

  it('says nothing while the host is busy', async () => {
    world.write(planSecret());
    expect(await world.reconcile()).toEqual({});
    expect([world.runs.calls, world.answered]).toEqual([[], []]);
  });

  it('explains a failure in words of ours, from the Secret as it is now', async () => {
    world.write(planSecret(failed));
    await world.reconcile();
    const [call] = world.runs.calls;
    const answer = call?.kind === 'complete' ? call.answer : undefined;
    expect(answer?.kind).toBe('failed');
    expect(answer?.kind === 'failed' && answer.message).toContain('exit code 3');
  });

  it('lets the activity look for itself when the failure is gone by now', async () => {
    world.write(planSecret(failed));
    world.live.secret = planSecret({}, '11');
    await world.reconcile();
    expect(world.runs.calls).toMatchObject([{ answer: { kind: 'lookAgain' } }]);
  });

  it.each([
    ['the Secret is gone', undefined],
    ['another plan stands there', planSecret({ plan: base64('{}') })],
  ])('lets the activity look again when %s, after a moment of doubt', async (_name, secret) => {
    if (secret !== undefined) world.write(secret);
    expect(await world.reconcile()).toEqual({ requeueAfterMs: SUSPICION_MS });
    expect(world.runs.calls).toEqual([]);
    world.clock.advance(SUSPICION_MS);
    expect(await world.reconcile()).toEqual({ requeueAfterMs: FIRST_REPEAT_MS });
    expect(world.runs.calls).toMatchObject([{ answer: { kind: 'lookAgain' } }]);
  });

  it('says nothing of the plan before ours when ours arrives in time', async () => {
    await world.reconcile();
    world.clock.advance(SUSPICION_MS / 2);
    world.write(planSecret());
    expect(await world.reconcile()).toEqual({});
    world.clock.advance(SUSPICION_MS);
    await world.reconcile();
    expect(world.runs.calls).toEqual([]);
  });

  it('repeats an answer that nobody waited for, ever more rarely', async () => {
    world.runs.pending.clear();
    world.write(planSecret(applied));
    expect(await world.reconcile()).toEqual({ requeueAfterMs: FIRST_REPEAT_MS });
    world.clock.advance(FIRST_REPEAT_MS - 1);
    expect(await world.reconcile()).toEqual({ requeueAfterMs: 1 });
    expect(world.runs.calls).toHaveLength(1);
    world.clock.advance(1);
    expect(await world.reconcile()).toEqual({ requeueAfterMs: 2 * FIRST_REPEAT_MS });
    expect(world.runs.calls).toHaveLength(2);
  });

  it('does not repeat an answer because of a new revision of the same Secret', async () => {
    world.write(planSecret(applied));
    await world.reconcile();
    world.write(planSecret(applied, '11'));
    await world.reconcile();
    expect(world.runs.calls).toHaveLength(1);
  });

  it('answers again when Temporal could not be asked', async () => {
    world.write(planSecret(applied));
    world.runs.outage = new Error('unavailable');
    await expect(world.reconcile()).rejects.toThrow('unavailable');
    world.runs.outage = undefined;
    await world.reconcile();
    expect(world.runs.pending.size).toBe(0);
  });

  it.each<[string, Partial<HostView>]>([
    ['is not in a state with a plan', { allocationState: 'Allocated' }],
    ['has no owner', { owner: undefined }],
    ['has no plan on record', { plan: undefined }],
    ['has no plan Secret', { planSecretName: undefined }],
    [
      'has the record of a former owner',
      { owner: { cluster: 'c1', machine: 'x', baremetalMachine: 'm2', uid: 'uid-2' } },
    ],
    ['has a hostile record', { plan: { attemptId: '../../etc', checksum: PLAN.checksum } }],
  ])('says nothing when the host %s', async (_name, changes) => {
    world.hosts.set(hostView({ plan: { attemptId: ATTEMPT, checksum: PLAN.checksum }, ...changes }));
    world.write(planSecret(applied));
    expect(await world.reconcile()).toEqual({});
    expect(world.runs.calls).toEqual([]);
  });
});
