import { setTimeout as sleep } from 'node:timers/promises';
import type { BaremetalMachine } from '../../api/machine.ts';
import type { ObjectKey } from '../../api/meta.ts';
import { baremetalMachines } from '../../api/resources.ts';
import type { OperatorVerb } from '../../domain/life/machine-life.ts';
import { explainMachine, type MachineExplanation } from '../../domain/report/explain/explain-machine.ts';
import { describeAge } from '../../domain/report/time-in-phase.ts';
import type { CliWorld } from '../world/cli-world.ts';
import { CliError } from '../world/failures.ts';
import { findObject, type KubeAccess } from '../access/kube-access.ts';

const LOOK_EVERY_MS = 1_000;

/** What was asked of a machine's run, as its status will show it. */
export interface AskedOperation {
  verb: OperatorVerb;
  actor: string;
  reason: string;
}

/**
 * Waits until the machine has come to rest after an operation, and tells a person at a terminal each phase on the way.
 * @throws CliError when it is stuck, or does not come to rest in time
 */
export async function waitForMachine(
  world: CliWorld,
  { client }: KubeAccess,
  key: ObjectKey,
  asked: AskedOperation,
  timeoutMs: number,
): Promise<string> {
  const untilMs = world.now().getTime() + timeoutMs;
  let told = '';
  for (;;) {
    const machine = await findObject(client, baremetalMachines, key);
    if (machine === undefined) return `BaremetalMachine ${key.namespace}/${key.name} is gone`;
    const explained = explainMachine(machine, 'unknown');
    const line = `${explained.state} · ${explained.reason}`;
    if (world.isTerminal && line !== told) world.complain(`${line} · for ${describeAge(explained.since, world.now())}`);
    told = line;
    const end = shows(machine, asked) ? endOf(asked.verb, explained) : undefined;
    if (end === 'rests') return `${line}: ${explained.observed}`;
    if (end === 'stuck') throw new CliError(`${line}: ${explained.observed}. ${explained.next}`);
    if (world.signal.aborted || world.now().getTime() >= untilMs) throw new CliError(`It is still ${line}`);
    await sleep(LOOK_EVERY_MS, undefined, { signal: world.signal }).catch(() => {});
  }
}

/** The status is of after the operation. */
function shows({ status }: BaremetalMachine, { verb, actor, reason }: AskedOperation): boolean {
  const last = status?.lastOperation;
  return last?.verb === verb && last.actor === actor && last.reason === reason;
}

function endOf(verb: OperatorVerb, { state, stuck }: MachineExplanation): 'rests' | 'stuck' | undefined {
  // A pause is what was asked for.
  if (verb === 'pause') return 'rests';
  if (stuck) return 'stuck';
  return state === 'Running' ? 'rests' : undefined;
}
