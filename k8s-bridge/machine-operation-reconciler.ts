import { createHash } from 'node:crypto';
import { annotations } from '../api/constants.ts';
import { baremetalMachines } from '../api/resources.ts';
import { operatorVerbs } from '../domain/machine-life.ts';
import type { MachineView } from '../domain/machine-view.ts';
import { parseOperation } from '../domain/operation-annotation.ts';
import type { KubeClient } from '../runtime/kube-client.ts';
import { createEvent } from '../runtime/kube-events.ts';
import { parseKey } from '../runtime/object-key.ts';
import { dropAnnotation } from './annotation-drop.ts';
import type { MachineRuns, OperationVerdict } from './machine-runs.ts';
import type { ReadStore, ReconcileResult } from './reconciler-ports.ts';

export interface MachineOperationDeps {
  machines: Pick<ReadStore<MachineView>, 'get'>;
  runs: Pick<MachineRuns, 'operate'>;
  client: Pick<KubeClient, 'patch' | 'create'>;
}

const ACTOR = 'operation annotation';
/** The run is being started; it is there in a moment. */
const NO_RUN_REQUEUE_MS = 1_000;

/**
 * Hands the verb in a machine's operation annotation to its run, tells the answer in an Event and takes the annotation
 * away. Dying in between asks again: the run then refuses what it has done already, and nothing is done twice.
 */
export async function reconcileMachineOperation(key: string, deps: MachineOperationDeps): Promise<ReconcileResult> {
  const view = deps.machines.get(parseKey(key));
  const text = view?.operation;
  if (view === undefined || text === undefined) return {};
  const requested = parseOperation(text);
  let verdict: OperationVerdict = {
    kind: 'refused',
    answer: `Unknown operation; use one of ${operatorVerbs.join(', ')}`,
  };
  if (requested.kind === 'verb') {
    verdict = await deps.runs.operate(view, requested.verb, { actor: ACTOR, reason: requested.reason });
    if (verdict.kind === 'noRun') return { requeueAfterMs: NO_RUN_REQUEUE_MS };
  }
  const { namespace, name, uid, resourceVersion } = view;
  await createEvent(deps.client, {
    resource: baremetalMachines,
    object: { namespace, name, uid, resourceVersion },
    type: verdict.kind === 'accepted' ? 'Normal' : 'Warning',
    reason: verdict.kind === 'accepted' ? 'OperationAccepted' : 'OperationRefused',
    message: `${requested.kind === 'verb' ? requested.verb : 'operation'}: ${verdict.answer}`,
    component: 'ironloom-bridge',
    digest: createHash('sha256').update(`${uid}/${resourceVersion}/${text}`).digest('hex').slice(0, 16),
  });
  await dropAnnotation(deps.client, baremetalMachines, view, { name: annotations.operation, value: text });
  return {};
}
