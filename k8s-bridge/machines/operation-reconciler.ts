import { createHash } from 'node:crypto';
import { annotations } from '../../api/constants.ts';
import { baremetalMachines } from '../../api/resources.ts';
import { operatorVerbs } from '../../domain/life/machine-life.ts';
import { type MachineView, viewMachine } from '../../domain/inputs/machine-view.ts';
import { parseOperation, type RequestedOperation } from '../../domain/life/operation-annotation.ts';
import type { KubeClient } from '../../runtime/kube/client.ts';
import { createEvent } from '../../runtime/kube/events.ts';
import { parseKey } from '../../runtime/kube/object-key.ts';
import { addAnnotation, dropAnnotations } from '../reconcile/annotation-patch.ts';
import type { MachineRuns, OperationVerdict } from './runs.ts';
import type { ReconcileResult, WritableStore } from '../reconcile/ports.ts';

export interface MachineOperationDeps {
  machines: Pick<WritableStore<MachineView>, 'get' | 'upsert'>;
  runs: Pick<MachineRuns, 'operate'>;
  client: Pick<KubeClient, 'patch' | 'create'>;
}

/** What stands in a machine's operation annotation, and the id under which it is asked for. */
interface OperationOrder {
  text: string;
  requested: RequestedOperation;
  id: string;
}

const ACTOR = 'operation annotation';
/** The run is being started; it is there in a moment. */
const NO_RUN_REQUEUE_MS = 1_000;

/**
 * Hands the verb in a machine's operation annotation to its run, tells the answer in an Event and takes the annotation
 * away. Before that the request gets an id, in an annotation of its own: whoever asks again, because it died in between
 * or its cache lags, asks under the same id, and the run does nothing twice.
 */
export async function reconcileMachineOperation(key: string, deps: MachineOperationDeps): Promise<ReconcileResult> {
  const seen = deps.machines.get(parseKey(key));
  if (seen === undefined) return {};
  if (seen.operation === undefined) return forgetOrder(seen, deps);
  const order = await identify(seen, seen.operation, deps);
  // Changed meanwhile: the newer state comes with a reconcile of its own.
  if (order === undefined) return {};
  const verdict = await ask(seen, order, deps.runs);
  if (verdict.kind === 'noRun') return { requeueAfterMs: NO_RUN_REQUEUE_MS };
  await tell(seen, order, verdict, deps.client);
  const values = { [annotations.operation]: order.text, [annotations.operationId]: order.id };
  const machine = await dropAnnotations(deps.client, baremetalMachines, seen, values);
  if (machine !== undefined) deps.machines.upsert(viewMachine(machine));
  return {};
}

/** Somebody took the request away before we did: the same words later are a new one. */
async function forgetOrder(seen: MachineView, { client, machines }: MachineOperationDeps): Promise<ReconcileResult> {
  if (seen.operationId === undefined) return {};
  const values = { [annotations.operationId]: seen.operationId };
  const machine = await dropAnnotations(client, baremetalMachines, seen, values);
  if (machine !== undefined) machines.upsert(viewMachine(machine));
  return {};
}

/** The id that the request has, or else a new one, which then stands in the object. */
async function identify(
  view: MachineView,
  text: string,
  { client, machines }: MachineOperationDeps,
): Promise<OperationOrder | undefined> {
  const requested = parseOperation(text);
  const mark = digest(text);
  if (view.operationId?.endsWith(`-${mark}`) === true) return { text, requested, id: view.operationId };
  const id = `${view.resourceVersion}-${mark}`;
  const machine = await addAnnotation(client, baremetalMachines, view, { name: annotations.operationId, value: id });
  if (machine === undefined) return undefined;
  machines.upsert(viewMachine(machine));
  return { text, requested, id };
}

async function ask(
  view: MachineView,
  { requested, id }: OperationOrder,
  runs: MachineOperationDeps['runs'],
): Promise<OperationVerdict> {
  if (requested.kind === 'verb')
    return runs.operate(view, requested.verb, { id, actor: ACTOR, reason: requested.reason });
  return { kind: 'refused', answer: `Unknown operation; use one of ${operatorVerbs.join(', ')}` };
}

/** One Event for each answer to a request: its name derives from both. */
function tell(
  { namespace, name, uid, resourceVersion }: MachineView,
  { requested, id }: OperationOrder,
  { kind, answer }: OperationVerdict,
  client: MachineOperationDeps['client'],
): Promise<void> {
  return createEvent(client, {
    resource: baremetalMachines,
    object: { namespace, name, uid, resourceVersion },
    type: kind === 'accepted' ? 'Normal' : 'Warning',
    reason: kind === 'accepted' ? 'OperationAccepted' : 'OperationRefused',
    message: `${requested.kind === 'verb' ? requested.verb : 'operation'}: ${answer}`,
    component: 'ironloom-bridge',
    digest: digest(`${uid}/${id}/${kind}`),
  });
}

function digest(text: string): string {
  return createHash('sha256').update(text).digest('hex').slice(0, 16);
}
