import { MockActivityEnvironment } from '@temporalio/testing';
import { expect, test } from 'vitest';
import { tellPast } from '../../../activities/step/past.ts';
import { baremetalMachineSchema } from '../../../api/machine.ts';

const RUN = 'run-now';
const created = '2026-07-01T00:00:00Z';

/** What a run is told of the past of a machine with these fields. */
function askPast(machine: { labels?: object; providerID?: string; status?: object }) {
  const { labels = {}, providerID, status } = machine;
  const parsed = baremetalMachineSchema.parse({
    apiVersion: 'infrastructure.cluster.x-k8s.io/v1beta1',
    kind: 'BaremetalMachine',
    metadata: { namespace: 'ns', name: 'm', uid: 'u', resourceVersion: '1', creationTimestamp: created, labels },
    spec: { machineInventoryPoolRef: { name: 'p' }, ...(providerID !== undefined && { providerID }) },
    ...(status !== undefined && { status }),
  });
  const environment = new MockActivityEnvironment({ workflowExecution: { workflowId: 'w', runId: RUN } });
  return environment.run(() => Promise.resolve(tellPast(parsed)));
}

const condition = { type: 'Ready', status: 'True', reason: 'Ready', message: '' };
const describedBy = (run: string) => ({
  writtenBy: `${run}/3`,
  conditions: [{ ...condition, lastTransitionTime: '2026-07-02T00:00:00Z' }],
});

test('a machine that nobody has described has no past', async () => {
  expect(await askPast({})).toEqual({});
  expect(await askPast({ status: describedBy(RUN) })).toEqual({});
});

test('one that another run described has a gap since its last change', async () => {
  expect(await askPast({ status: describedBy('run-before') })).toEqual({
    describedAtMs: Date.parse('2026-07-02T00:00:00Z'),
  });
});

test('one that came with a move has one since its object is there', async () => {
  expect(await askPast({ providerID: 'baremetal:///h' })).toEqual({ describedAtMs: Date.parse(created) });
});

test('its group is what a host remembers, too', async () => {
  expect(await askPast({ labels: { 'cluster.x-k8s.io/deployment-name': 'md' } })).toEqual({
    group: 'MachineDeployment/md',
  });
});
