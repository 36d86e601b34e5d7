import { createHash } from 'node:crypto';
import { annotations } from '../../api/constants.ts';
import { baremetalMachines } from '../../api/resources.ts';
import { isCutText, MAX_OPERATION, MAX_TOKEN } from '../../domain/inputs/bounded-text.ts';
import { type OperatorVerb, operatorVerbs } from '../../domain/life/machine-life.ts';
import { type MachineView, viewMachine } from '../../domain/inputs/machine-view.ts';
import { parseOperation, type RequestedOperation } from '../../domain/life/operation-annotation.ts';
import type { KubeClient } from '../../runtime/kube/client.ts';
import { createEvent } from '../../runtime/kube/events.ts';
import { parseKey } from '../../runtime/kube/object-key.ts';
import { addAnnotation, dropAnnotations } from '../reconcile/annotation-patch.ts';
import type { MachineRuns, OperationVerdict } from '../runs/machine-runs.ts';
import type { ReconcilerLogger, ReconcileResult, WritableStore } from '../reconcile/ports.ts';
import { noteRefusedOperation } from '../reconcile/refused-operation.ts';
import type { RetryPauses } from '../reconcile/retry-pauses.ts';

export interface MachineOperationDeps {
  machines: Pick<WritableStore<MachineView>, 'get' | 'upsert'>;
  runs: Pick<MachineRuns, 'operate'>;
  client: Pick<KubeClient, 'patch' | 'create'>;
  pauses: RetryPauses;
  logger: ReconcilerLogger;
}

/** What stands in a machine's operation annotation, and the id under which it is asked for. */
interface OperationOrder {
  /** The state of the machine in which the id stands. */
  machine: MachineView;
  text: string;
  requested: RequestedOperation<OperatorVerb>;
  id: string;
}

const ACTOR = 'operation annotation';

/** How the Event is called that tells a verdict. */
const verdictReasons = {
  accepted: 'OperationAccepted',
  refused: 'OperationRefused',
  deaf: 'OperationWaiting',
} as const;

/**
 * Hands the verb in a machine's operation annotation to its run, tells the answer in an Event and takes the annotation
 * away. Before that the request gets an id, in an annotation of its own: whoever asks again, because it died in between
 * or its cache lags, asks under the same id, and the run does nothing twice. While there is no run, Temporal lets nobody ask
 * it, or the API server refuses a write, it is asked less and less often until the machine changes.
 */
export async function reconcileMachineOperation(key: string, deps: MachineOperationDeps): Promise<ReconcileResult> {
  const seen = deps.machines.get(parseKey(key));
  try {
    const outcome = seen && (await handOver(seen, deps));
    if (outcome !== undefined && outcome.kind !== 'done') {
      return { requeueAfterMs: deps.pauses.next(key, `${outcome.kind} ${outcome.machine.resourceVersion}`) };
    }
  } catch (error) {
    if (seen === undefined) throw error;
    return noteRefusedOperation(baremetalMachines, seen, error, deps);
  }
  deps.pauses.forget(key);
  return {};
}

type HandedOver = { kind: 'done' } | { kind: 'noRun' | 'deaf'; machine: MachineView };

async function handOver(seen: MachineView, deps: MachineOperationDeps): Promise<HandedOver> {
  if (seen.operation === undefined) {
    // Somebody took the request away before we did: the same words later are a new one.
    if (seen.operationId !== undefined) await drop(seen, { [annotations.operationId]: seen.operationId }, deps);
    return { kind: 'done' };
  }
  const order = await identify(seen, seen.operation, deps);
  // Changed meanwhile: the newer state comes with a reconcile of its own.
  if (order === undefined) return { kind: 'done' };
  const verdict = await ask(seen, order, deps.runs);
  if (verdict.kind === 'noRun') return { kind: 'noRun', machine: order.machine };
  await tell(seen, order, verdict, deps.client);
  if (verdict.kind === 'deaf') return { kind: 'deaf', machine: order.machine };
  await drop(order.machine, { [annotations.operation]: order.text, [annotations.operationId]: order.id }, deps);
  return { kind: 'done' };
}

/** A text that was cut where it was read is not known: it goes with that state of the machine. */
async function drop(
  machine: MachineView,
  texts: Readonly<Record<string, string>>,
  { client, machines }: MachineOperationDeps,
): Promise<void> {
  const isCut = (text: string): boolean => isCutText(text, MAX_OPERATION) || isCutText(text, MAX_TOKEN);
  const values = Object.entries(texts).map(([name, text]) => [name, isCut(text) ? undefined : text] as const);
  const written = await dropAnnotations(client, baremetalMachines, machine, Object.fromEntries(values));
  if (written !== undefined) machines.upsert(viewMachine(written));
}

/** The id that the request has, or else a new one, which then stands in the object. */
async function identify(
  view: MachineView,
  text: string,
  { client, machines }: MachineOperationDeps,
): Promise<OperationOrder | undefined> {
  const requested = parseOperation(text, operatorVerbs);
  const mark = digest(text);
  if (view.operationId?.endsWith(`-${mark}`) === true) return { machine: view, text, requested, id: view.operationId };
  const id = `${view.resourceVersion}-${mark}`;
  const machine = await addAnnotation(client, baremetalMachines, view, { name: annotations.operationId, value: id });
  if (machine === undefined) return undefined;
  const numbered = viewMachine(machine);
  machines.upsert(numbered);
  return { machine: numbered, text, requested, id };
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
  { kind, answer }: Exclude<OperationVerdict, { kind: 'noRun' }>,
  client: MachineOperationDeps['client'],
): Promise<void> {
  return createEvent(client, {
    resource: baremetalMachines,
    object: { namespace, name, uid, resourceVersion },
    type: kind === 'accepted' ? 'Normal' : 'Warning',
    reason: verdictReasons[kind],
    message: `${requested.kind === 'verb' ? requested.verb : 'operation'}: ${answer}`,
    component: 'ironloom-bridge',
    digest: digest(`${uid}/${id}/${kind}`),
  });
}

function digest(text: string): string {
  return createHash('sha256').update(text).digest('hex').slice(0, 16);
}
