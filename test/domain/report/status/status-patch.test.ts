import { expect, test } from 'vitest';
import { baremetalMachineSchema } from '../../../../api/machine.ts';
import { onStopped } from '../../../../domain/life/halt.ts';
import { projectStatus } from '../../../../domain/report/status/machine-status.ts';
import { toStatusPatch } from '../../../../domain/report/status/status-patch.ts';
import { at } from '../../life/life-fixtures.ts';

const now = new Date('2026-07-02T00:00:00Z');
const refusal = { kind: 'stopped', reason: 'WriteRefused', message: 'The API server refuses it' } as const;
const notBegun = at({ kind: 'new' });
const begin = { kind: 'begin', claim: false } as const;
const halted = onStopped(notBegun, begin, refusal, notBegun.revision);

/** What a run that has not looked shows of a machine that an earlier one left with such conditions. */
function conditionsAfter(...before: [type: string, status: string, reason: string][]) {
  const current = baremetalMachineSchema.parse({
    apiVersion: 'infrastructure.cluster.x-k8s.io/v1beta1',
    kind: 'BaremetalMachine',
    metadata: { namespace: 'ns', name: 'm', uid: 'u', resourceVersion: '1', creationTimestamp: now.toISOString() },
    spec: { machineInventoryPoolRef: { name: 'p' } },
    status: {
      phase: 'Pending',
      conditions: before.map(([type, status, reason]) => ({
        type,
        status,
        reason,
        message: '',
        lastTransitionTime: '2026-07-01T00:00:00Z',
      })),
    },
  });
  const { conditions } = toStatusPatch(current, projectStatus(halted), { temporalNamespace: 'default', now });
  return Object.fromEntries((conditions ?? []).map(({ type, status, reason }) => [type, `${status}/${reason}`]));
}

test('Ready says with the other conditions why a run that took over has not looked', () => {
  expect(conditionsAfter(['Ready', 'False', 'PlanPending'])).toEqual({
    InventoryAllocated: 'False/WriteRefused',
    Paused: 'False/NotPaused',
    Ready: 'False/WriteRefused',
  });
});

test('a machine that is Ready stays Ready until its run has looked', () => {
  expect(conditionsAfter(['Ready', 'True', 'Ready'], ['NodeJoined', 'True', 'NodeJoined'])).toMatchObject({
    NodeJoined: 'True/NodeJoined',
    Ready: 'True/Ready',
  });
});
