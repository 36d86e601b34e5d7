import { createHash } from 'node:crypto';
import { log } from '@temporalio/activity';
import type { BaremetalMachine } from '../api/machine.ts';
import { baremetalMachines } from '../api/resources.ts';
import { createEvent } from '../runtime/kube-events.ts';
import type { ActivityDependencies } from './dependencies.ts';

/** Reasons of conditions that are news an operator should be warned of. */
const calmReasons = new Set(['Ready', 'PlanPending', 'Deleting', 'BootstrapWaiting', 'WaitingForMachine', 'Paused']);

/**
 * An Event for `kubectl describe` when phase or Ready reason moved. Its name derives from the new resourceVersion, so
 * a repeated call writes none twice. Nobody waits for it; losing one is acceptable: the condition stays.
 */
export function noteTransition(deps: ActivityDependencies, before: BaremetalMachine, after: BaremetalMachine): void {
  recordTransition(deps, before, after).catch((error: unknown) => {
    log.warn('Could not record an Event', { error });
  });
}

async function recordTransition(
  deps: ActivityDependencies,
  before: BaremetalMachine,
  after: BaremetalMachine,
): Promise<void> {
  const readyBefore = findReady(before);
  const ready = findReady(after);
  const phase = after.status?.phase;
  if (ready === undefined || (before.status?.phase === phase && readyBefore?.reason === ready.reason)) return;
  const { namespace, name, uid, resourceVersion } = after.metadata;
  const warning = ready.status === 'False' && !calmReasons.has(ready.reason);
  const where = after.status?.machineInventoryRef;
  await createEvent(deps.kube, {
    resource: baremetalMachines,
    object: { namespace, name, uid, resourceVersion },
    type: warning ? 'Warning' : 'Normal',
    reason: warning ? ready.reason : (phase ?? ready.reason),
    message: [where && `Host ${where.name}`, ready.message].filter(Boolean).join(': ') || `Machine is ${phase}`,
    component: 'ironloom-worker',
    digest: createHash('sha256').update(`${uid}/${resourceVersion}`).digest('hex').slice(0, 16),
  });
}

function findReady(machine: BaremetalMachine) {
  return machine.status?.conditions?.find((condition) => condition.type === 'Ready');
}
