import { beforeEach, describe, expect, it } from 'vitest';
import { annotations } from '../../../api/constants.ts';
import type { MachineView } from '../../../domain/inputs/machine-view.ts';
import { reconcileMachineOperation } from '../../../k8s-bridge/machines/operation-reconciler.ts';
import { RetryPauses } from '../../../k8s-bridge/reconcile/retry-pauses.ts';
import { KubeApiError, type KubeClient } from '../../../runtime/kube/client.ts';
import { createMemoryStore } from '../../support/fake-objects.ts';
import { machineView, MemoryRuns, silentLogger } from '../bridge-fixtures.ts';

const KEY = 'demo/m1';
/** The request has its id already. */
const asked = machineView({ operation: 'retry', operationId: '1-06b29bb318814108' });

function createWorld() {
  const machines = createMemoryStore<MachineView>();
  const runs = new MemoryRuns();
  const told: string[] = [];
  const patches: unknown[] = [];
  const answer: { patch: Error | undefined } = { patch: undefined };
  const patch: KubeClient['patch'] = async (resource, _key, body) => {
    patches.push(body);
    if (answer.patch !== undefined) throw answer.patch;
    const metadata = { namespace: 'demo', name: 'm1', uid: 'uid-1', resourceVersion: '2' };
    const typed = { apiVersion: 'infrastructure.cluster.x-k8s.io/v1beta1', kind: 'BaremetalMachine' };
    return resource.schema.parse({ ...typed, metadata, spec: { machineInventoryPoolRef: { name: 'workers' } } });
  };
  const create: KubeClient['create'] = async (resource, body) => {
    told.push('reason' in body ? String(body.reason) : '');
    return resource.schema.parse(body);
  };
  const deps = { machines, runs, pauses: new RetryPauses(), logger: silentLogger, client: { patch, create } };
  return { machines, runs, told, patches, answer, reconcile: () => reconcileMachineOperation(KEY, deps) };
}

let world: ReturnType<typeof createWorld>;
beforeEach(() => {
  world = createWorld();
});

describe('a requested operation', () => {
  it('is asked for less and less often while there is no run, up to every five minutes', async () => {
    world.machines.upsert(asked);
    const pauses: unknown[] = [];
    for (let look = 0; look < 11; look++) pauses.push((await world.reconcile()).requeueAfterMs);
    expect(pauses).toEqual([1, 2, 4, 8, 16, 32, 64, 128, 256, 300, 300].map((seconds) => seconds * 1_000));
    world.machines.upsert({ ...asked, resourceVersion: '2' });
    expect(await world.reconcile()).toEqual({ requeueAfterMs: 1_000 });
  });

  it('stays, and says why, while Temporal hands it to no run', async () => {
    world.machines.upsert(asked);
    world.runs.refusesUpdates = 'somebody paused the run';
    const pauses = [(await world.reconcile()).requeueAfterMs, (await world.reconcile()).requeueAfterMs];
    expect(pauses).toEqual([1_000, 2_000]);
    expect(world.told).toEqual(['OperationWaiting', 'OperationWaiting']);
    expect(world.patches).toEqual([]);
    world.runs.refusesUpdates = undefined;
    world.runs.open.set('machine/demo/m1/uid-1', { namespace: 'demo', name: 'm1', uid: 'uid-1' });
    expect(await world.reconcile()).toEqual({});
    expect(world.told.at(-1)).toBe('OperationAccepted');
  });

  it.each([
    new KubeApiError(422, 'Invalid', 'PATCH x: HTTP 422 Invalid: machine m1 is forbidden: policy p denied it', {
      name: 'm1',
      fields: [],
    }),
    new KubeApiError(403, 'Forbidden', 'PATCH x: HTTP 403 Forbidden: no right'),
    new KubeApiError(413, '', 'PATCH x: HTTP 413'),
  ])('waits where the API server refuses, and says so: $message', async (error) => {
    world.machines.upsert(machineView({ operation: 'retry' }));
    world.answer.patch = error;
    expect(await world.reconcile()).toEqual({ requeueAfterMs: 1_000 });
    expect(await world.reconcile()).toEqual({ requeueAfterMs: 2_000 });
    expect(world.told).toEqual(['WriteRefused', 'WriteRefused']);
    expect(world.runs.calls).toEqual([]);
  });

  it('is looked at again with the newer state when the object changed meanwhile', async () => {
    const words = 'the server rejected our request due to an error in our request';
    world.machines.upsert(machineView({ operation: 'retry' }));
    world.answer.patch = new KubeApiError(422, 'Invalid', `PATCH x: HTTP 422 Invalid: ${words}`, { fields: [] });
    expect(await world.reconcile()).toEqual({});
    expect(world.told).toEqual([]);
  });

  it('that was cut where it was read goes with that state of the machine', async () => {
    world.machines.upsert(machineView({ operationId: `${'x'.repeat(127)}…` }));
    await world.reconcile();
    expect(world.patches).toEqual([
      [
        { op: 'test', path: '/metadata/uid', value: 'uid-1' },
        { op: 'test', path: '/metadata/resourceVersion', value: '1' },
        { op: 'remove', path: `/metadata/annotations/${annotations.operationId.replace('/', '~1')}` },
      ],
    ]);
  });
});
