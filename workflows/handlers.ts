import { log, setDefaultSignalHandler, setHandler, workflowInfo } from '@temporalio/workflow';
import * as advance from '../domain/life/advance-life.ts';
import {
  MAX_EVENTS_PER_RUN,
  type MachineLife,
  operatorVerbs,
  type OperatorVerb,
  startLife,
} from '../domain/life/machine-life.ts';
import { isSnapshot } from '../domain/inputs/machine-snapshot.ts';
import { applyOperation, isBeforeLook, isHeldReleased, judgeOperation } from '../domain/life/operations.ts';
import {
  capacityAvailableSignal,
  lifeQuery,
  machineObservedSignal,
  type OperationAnswer,
  type OperationRequest,
  operationSignals,
  operationUpdates,
} from './messages.ts';
import { answerReboot } from './reboot-answer.ts';
import { ignore } from './ignored-messages.ts';
import { noteRequest } from './journal.ts';
import { meter } from './meter.ts';
import { livesBy } from './patches.ts';
import type { Run } from './run.ts';

const descriptions: Record<OperatorVerb, string> = {
  retry: 'Run the step that failed again, as a new attempt. Argument: {"actor": "you", "reason": "why"}',
  reboot: 'Reboot the host of a Running machine as it is. Argument: {"actor": "you", "reason": "why"}',
  reallocate: 'Give up this host before Running and claim another. Argument: {"actor": "you", "reason": "why"}',
  forceRelease: 'Let a host go that cannot be cleaned; it is quarantined. Argument: {"actor": "you", "reason": "why"}',
  pause: 'Write nothing to the host until resume. Argument: {"actor": "you", "reason": "why"}',
  resume: 'Go on after pause. Argument: {"actor": "you", "reason": "why"}',
};

/** Binds all messages. Handlers are synchronous and never throw: a bad payload is logged and dropped, or refused. */
export function bindHandlers(run: Run): void {
  setHandler(lifeQuery, () => run.life, { description: 'All that the run knows of its machine' });
  setHandler(
    machineObservedSignal,
    (snapshot) => {
      hear(run);
      if (!isSnapshot(snapshot)) {
        ignore(run, 'machineObserved', 'whose payload is no snapshot');
        return;
      }
      if (snapshot.deleting || snapshot.gone) run.deletionsTold += 1;
      const known = run.life;
      run.life = known === null ? startLife(snapshot) : advance.onObserved(known, snapshot);
      if (known !== null && run.life !== known) run.inputsHeard += 1;
    },
    { description: 'The bridge saw new inputs (sent by the bridge)' },
  );
  setHandler(
    capacityAvailableSignal,
    () => {
      hear(run);
      if (run.life !== null) run.life = advance.onWoken(run.life);
    },
    { description: 'A host of the pool may be free: try again (sent by the bridge)' },
  );
  for (const verb of operatorVerbs) bindOperation(run, verb);
  setDefaultSignalHandler((signalName) => {
    hear(run);
    ignore(run, 'unknown', `of a name that nobody knows: ${signalName.slice(0, MAX_NAME_LENGTH)}`);
  });
}

/** The server accepts so many messages a run, and refuses the deletion, too, once they are used up. */
function hear(run: Run): void {
  run.heard += 1;
  const full = run.heard >= MAX_EVENTS_PER_RUN || workflowInfo().continueAsNewSuggested;
  if (full && !run.full && livesBy('countAllMessages')) run.full = true;
}

function bindOperation(run: Run, verb: OperatorVerb): void {
  setHandler(
    operationUpdates[verb],
    (request?: OperationRequest): OperationAnswer | Promise<OperationAnswer> => {
      hear(run);
      run.updatedAt = workflowInfo().historyLength;
      const answer = operate(run, verb, request);
      return verb === 'reboot' ? answerReboot(run, answer) : { answer };
    },
    {
      validator: (request?: OperationRequest) => validate(run, verb, request),
      description: descriptions[verb],
    },
  );
  setHandler(
    operationSignals[verb],
    (request?: OperationRequest) => {
      hear(run);
      if (verb === 'reboot' && !livesBy('reboot')) ignore(run, 'unknown', 'of a name that nobody knew: reboot');
      else if (isRequest(request)) operate(run, verb, request);
      else ignore(run, verb, 'whose argument is not {actor, reason}');
    },
    { description: descriptions[verb] },
  );
}

function operate(run: Run, verb: OperatorVerb, request: OperationRequest | undefined): string {
  if (run.life === null) return 'The run has not begun';
  const record = { actor: request?.actor ?? 'unknown', reason: request?.reason ?? '' };
  run.life = applyOperation(run.life, verb, record, verb !== 'resume' || resumesMore(run.life));
  noteRequest(run, verb, run.life);
  const answer = run.life.lastOperation?.answer ?? '';
  meter.operationAsked(verb, run.life.lastOperation?.accepted === true ? 'accepted' : 'refused');
  log.info('An operator asked for an operation', { verb, accepted: run.life.lastOperation?.accepted, answer });
  return answer;
}

function resumesMore(life: MachineLife): boolean {
  if (isHeldReleased(life)) return livesBy('resumeReleased');
  return !isBeforeLook(life) || life.pausedByOperator || livesBy('resumeBeforeLook');
}

/** @throws Error with the reason of the refusal; the update then leaves no trace in the history */
function validate(run: Run, verb: OperatorVerb, request: unknown): void {
  if (!isRequest(request))
    throw new Error('The argument must be {"actor": "…", "reason": "…"}, each at most 1024 characters');
  if (run.life === null) throw new Error('The run has not begun; try again in a moment');
  const verdict = judgeOperation(run.life, verb);
  if (verdict.accepted) return;
  meter.operationAsked(verb, 'refused');
  throw new Error(verdict.answer);
}

const MAX_TEXT_LENGTH = 1024;
const MAX_NAME_LENGTH = 100;

function isRequest(value: unknown): value is OperationRequest | undefined {
  if (value === undefined || value === null) return true;
  if (typeof value !== 'object' || Array.isArray(value)) return false;
  const actor = 'actor' in value ? value.actor : undefined;
  const reason = 'reason' in value ? value.reason : undefined;
  return [actor, reason].every(
    (text) => text === undefined || (typeof text === 'string' && text.length <= MAX_TEXT_LENGTH),
  );
}
