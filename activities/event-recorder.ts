import { createHash } from 'node:crypto';
import { API_GROUP_VERSION } from '../api/constants.ts';
import type { BaremetalMachine } from '../api/machine.ts';
import { events } from '../api/resources.ts';
import { formatTime } from '../domain/conditions.ts';
import { isAlreadyExists } from '../runtime/kube-client.ts';
import type { ActivityDependencies } from './dependencies.ts';

/** Reasons of conditions that are news an operator should be warned of. */
const calmReasons = new Set(['Ready', 'PlanPending', 'Deleting', 'BootstrapWaiting', 'WaitingForMachine', 'Paused']);

/**
 * An Event for `kubectl describe` when phase or Ready reason moved. Its name derives from the new resourceVersion, so
 * a repeated call writes none twice. Losing one (the process dies in between) is acceptable: the condition stays.
 */
export async function recordTransition(
  deps: ActivityDependencies,
  before: BaremetalMachine,
  after: BaremetalMachine,
): Promise<void> {
  const readyBefore = findReady(before);
  const ready = findReady(after);
  const phase = after.status?.phase;
  if (ready === undefined || (before.status?.phase === phase && readyBefore?.reason === ready.reason)) return;
  const { namespace, name, uid, resourceVersion } = after.metadata;
  const now = formatTime(new Date());
  const warning = ready.status === 'False' && !calmReasons.has(ready.reason);
  const where = after.status?.machineInventoryRef;
  const digest = createHash('sha256').update(`${uid}/${resourceVersion}`).digest('hex').slice(0, 16);
  try {
    await deps.kube.create(events, {
      apiVersion: 'v1',
      kind: 'Event',
      metadata: { name: `${name.slice(0, 200)}.${digest}`, namespace },
      involvedObject: {
        apiVersion: API_GROUP_VERSION,
        kind: 'BaremetalMachine',
        namespace,
        name,
        uid,
        resourceVersion,
      },
      type: warning ? 'Warning' : 'Normal',
      reason: warning ? ready.reason : (phase ?? ready.reason),
      message: [where && `Host ${where.name}`, ready.message].filter(Boolean).join(': ') || `Machine is ${phase}`,
      source: { component: 'ironloom' },
      reportingComponent: 'ironloom',
      reportingInstance: 'ironloom-worker',
      firstTimestamp: now,
      lastTimestamp: now,
      count: 1,
    });
  } catch (error) {
    if (!isAlreadyExists(error)) throw error;
  }
}

function findReady(machine: BaremetalMachine) {
  return machine.status?.conditions?.find((condition) => condition.type === 'Ready');
}
