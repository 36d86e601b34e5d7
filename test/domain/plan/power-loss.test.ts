import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { stockVolatilePaths, usualVolatilePaths } from '../../../dev/host/options.ts';
import { attemptId } from '../../../domain/plan/attempt.ts';
import { renderCleanPlan } from '../../../domain/plan/clean.ts';
import type { RenderedPlan } from '../../../domain/plan/document.ts';
import { renderReprovisionPlan } from '../../../domain/plan/reprovision.ts';
import { sampleUserData } from '../../dev/host/sample-plans.ts';
import { cleanupMarkerPath } from '../../../domain/plan/script.ts';
import { createPlanHosts, type PlanHost, type PlanHosts } from './host.ts';

const uid = '0b7c2f6e-9a53-4a51-9a3e-0d9e7f0a1b2c';
const idOf = (attempt: number): string => attemptId({ uid, planType: 'reprovision', attempt });
const reprovision = (attempt: number): RenderedPlan =>
  renderReprovisionPlan({
    attemptId: idOf(attempt),
    userData: sampleUserData('rack-1'),
    hostname: 'rack-1',
    image: `registry.example/os:v${attempt}`,
  });
const clean = renderCleanPlan({ attemptId: attemptId({ uid, planType: 'clean', attempt: 1 }) });

const disks = [
  ['keeps the seed', usualVolatilePaths],
  ['forgets the seed', stockVolatilePaths],
] as const;
const patience = 120_000;

const one = [idOf(1)];
const both = [idOf(1), idOf(2)];

let hosts: PlanHosts;
/** A host that was the node of attempt 1 and is clean; attempt 2 loses the power at each place, at last at its end. */
let cutOff: PlanHost[];
beforeAll(async () => {
  hosts = await createPlanHosts();
  const used = await hosts.create(usualVolatilePaths);
  await carryOut(used, reprovision(1));
  await carryOut(used, clean);
  expect(used.instances).toEqual(one);
  cutOff = await used.cutOff(reprovision(2));
  expect(cutOff.length).toBeGreaterThan(10);
}, patience);
afterAll(() => hosts.remove());

/** The agent starts the plan, and the host does the reboots that this schedules. */
async function carryOut(host: PlanHost, plan: RenderedPlan): Promise<void> {
  for (let boots = 0; boots < 3; boots++) {
    expect(await host.apply(plan)).toMatchObject({ code: 0 });
    if (!(await host.isRebootDue())) return;
    await host.boot();
  }
  throw new Error('The host does not come to rest');
}

async function markOf({ disk }: PlanHost): Promise<string | undefined> {
  return (await disk.read('/var/lib/elemental/ironloom/attempt'))?.split('\n')[0];
}

async function hasMarker({ disk }: PlanHost): Promise<boolean> {
  return (await disk.read(cleanupMarkerPath)) !== undefined;
}

async function upgradesOf({ disk }: PlanHost): Promise<number> {
  return (await disk.commands()).filter(({ command }) => command === 'elemental').length;
}

/** Another boot and start of the agent change nothing: the node of the last instance runs on. */
async function expectAtRest(host: PlanHost, plan: RenderedPlan): Promise<void> {
  const before = { instances: [...host.instances], upgrades: await upgradesOf(host) };
  await host.boot();
  await carryOut(host, plan);
  expect({ instances: host.instances, upgrades: await upgradesOf(host) }).toEqual(before);
  expect(await host.disk.read('/var/lib/kubelet/pods/work')).toBe(before.instances.at(-1));
  expect(await host.disk.list('/oem')).toEqual([]);
}

/** Neither the next boots nor a start of the agent in between make another node. */
async function expectNoNode(host: PlanHost): Promise<void> {
  const before = [...host.instances];
  await host.boot();
  await carryOut(host, clean);
  await host.boot();
  expect(host.instances).toEqual(before);
}

/** Tells which of a test's hosts are unlike all before them: like hosts end alike. */
function createNovelty(): (host: PlanHost) => Promise<boolean> {
  const seen = new Set<string>();
  return async (host) => seen.size < seen.add(await host.fingerprint()).size;
}

/** The agent makes attempt 2 a node, once, if it is none yet. */
async function expectJoins(host: PlanHost): Promise<void> {
  await carryOut(host, reprovision(2));
  expect(host.instances).toEqual(both);
  await expectAtRest(host, reprovision(2));
}

describe.each(disks)('a host whose disk %s', (_, volatilePaths) => {
  const isNew = createNovelty();

  it('becomes the node of an attempt once, wherever the plan loses the power', { timeout: patience }, async () => {
    for (const state of cutOff) {
      const host = await state.copy(volatilePaths);
      const finished = (await markOf(host)) === idOf(2);
      await host.boot();
      expect(host.instances).toEqual(finished ? both : one);
      if (await isNew(host)) await expectJoins(host);
    }
  });

  it('becomes the node of an attempt once, wherever the marker loses the power', { timeout: patience }, async () => {
    for (const state of cutOff.slice(-3)) {
      const finished = (await markOf(state)) === idOf(2);
      for (const host of await (await state.copy(volatilePaths)).cutOffBoot()) {
        // The marker is done, and cloud-init would have its turn.
        if (volatilePaths === stockVolatilePaths && !(await hasMarker(host))) continue;
        await host.boot();
        expect(host.instances).toEqual(finished ? both : one);
        if (await isNew(host)) await expectJoins(host);
      }
    }
  });

  it('becomes no node by a fallback, and one by the next boot of the right image', { timeout: patience }, async () => {
    const [finished = expect.fail()] = cutOff.slice(-1);
    const host = await finished.copy(volatilePaths);
    for (const _boot of [1, 2]) {
      await host.boot('passive');
      await carryOut(host, reprovision(2));
      expect(host.instances).toEqual(one);
      expect(await host.disk.read('/var/lib/kubelet/pods/work')).toBeUndefined();
    }
    await host.boot();
    expect(host.instances).toEqual(both);
    await expectAtRest(host, reprovision(2));
  });

  it(
    'clears the state of the last node on disks of their own, wherever the boot is cut off',
    { timeout: patience },
    async () => {
      const folders = ['/var/lib/kubelet', '/var/lib/containerd', '/var/lib/etcd'];
      const [finished = expect.fail()] = cutOff.slice(-1);
      for (const state of await (await finished.copy(volatilePaths)).cutOffBoot()) {
        if ((await state.disk.read('/var/lib/elemental/ironloom/cleared-mounts')) !== undefined) continue;
        state.disk.useOwnDisks(folders);
        for (const folder of folders) await state.disk.write(`${folder}/old`, 'old');
        await state.boot();
        for (const folder of folders) expect(await state.disk.read(`${folder}/old`)).toBeUndefined();
        expect(state.instances).toEqual(both);
      }
    },
  );

  it('becomes no node after a clean plan, whatever was cut off before', { timeout: patience }, async () => {
    const isNew = createNovelty();
    for (const state of cutOff) {
      const host = await state.copy(volatilePaths);
      await carryOut(host, clean);
      if (await isNew(host)) await expectNoNode(host);
    }
  });

  it('becomes no node after a clean plan that lost the power', { timeout: patience }, async () => {
    const isNew = createNovelty();
    const [finished = expect.fail()] = cutOff.slice(-1);
    for (const host of await (await finished.copy(volatilePaths)).cutOff(clean)) {
      await host.boot();
      await carryOut(host, clean);
      if (await isNew(host)) await expectNoNode(host);
    }
  });
});

it('makes a node of an attempt once, wherever its agent is killed', { timeout: patience }, async () => {
  for (const state of cutOff) {
    const host = await state.copy();
    await carryOut(host, reprovision(2));
    expect(host.instances).toEqual(both);
  }
});

it('makes no node of an attempt whose successor has begun', { timeout: patience }, async () => {
  const host = await hosts.create(usualVolatilePaths);
  await host.apply(reprovision(1));
  const isNew = createNovelty();
  for (const state of await host.cutOff(reprovision(2))) {
    const mark = await markOf(state);
    await state.boot();
    expect(state.instances).toEqual(mark === undefined ? [] : [mark]);
    if (mark === idOf(1) || !(await isNew(state))) continue;
    await carryOut(state, reprovision(2));
    expect(state.instances).toEqual([idOf(2)]);
  }
});

it('cancels the reboot of an attempt whose successor begins', async () => {
  const host = await hosts.create(usualVolatilePaths);
  await host.apply(reprovision(1));
  expect(await host.isRebootDue()).toBe(true);
  await host.disk.injectFault({ step: 'cloud-init', times: 1 });
  expect((await host.apply(reprovision(2))).code).toBe(1);
  expect(await host.isRebootDue()).toBe(false);
  await expectNoNode(host);
});
