import { setTimeout as sleep } from 'node:timers/promises';
import { WorkflowNotFoundError } from '@temporalio/client';
import { machineWorkflowId } from '../../workflows/ids.ts';
import { checkRuns, type Evidence, type Fact, type HostRecord, type RunStatuses } from './facts.ts';
import type { DemoStage } from './stage.ts';

// What the hosts and Temporal know changes without a watch event.
const LOOK_EVERY_MS = 1_000;

export interface ProofOptions {
  facts: (evidence: Evidence) => Fact[];
  timeoutMs: number;
  signal: AbortSignal;
}

/**
 * Waits until all facts hold, or until the time is over, and returns them as they are then. Those about the runs in
 * Temporal are looked at when the others hold.
 * @throws the signal's reason
 */
export async function proveFacts(stage: DemoStage, { facts, timeoutMs, signal }: ProofOptions): Promise<Fact[]> {
  const deadline = performance.now() + timeoutMs;
  for (;;) {
    const changed = nextChange(stage, signal);
    const evidence = collectEvidence(stage);
    const checked = facts(evidence);
    const isLate = performance.now() > deadline;
    if (isLate || checked.every(({ holds }) => holds)) {
      checked.push(...checkRuns(evidence.view, await readRuns(stage, evidence)));
      if (isLate || checked.every(({ holds }) => holds)) return checked;
    }
    await changed;
    signal.throwIfAborted();
  }
}

function collectEvidence({ watch, lab, site }: DemoStage): Evidence {
  const records = site.hosts.map((name): [string, HostRecord] => {
    const { plansReceived, node } = lab.host(name);
    return [name, { plans: plansReceived.map(({ type }) => type), kubeletRuns: node?.running === true }];
  });
  return { view: watch.view(), records: new Map(records) };
}

async function readRuns({ temporal }: DemoStage, { view }: Evidence): Promise<RunStatuses> {
  const read = async (machine: { namespace: string; name: string; uid: string }): Promise<[string, string]> => {
    try {
      const { status } = await temporal.workflow.getHandle(machineWorkflowId(machine)).describe();
      return [machine.uid, status.name];
    } catch (error) {
      if (!(error instanceof WorkflowNotFoundError)) throw error;
      return [machine.uid, 'absent'];
    }
  };
  return new Map(await Promise.all([...view.machines, ...view.gone].map(read)));
}

/** Resolves at the next change of the view, after a while in any case, and on abort. */
async function nextChange({ watch }: DemoStage, signal: AbortSignal): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  const ending = new AbortController();
  const stopListening = watch.onChange(resolve);
  const pause = sleep(LOOK_EVERY_MS, undefined, { signal: AbortSignal.any([signal, ending.signal]) });
  await Promise.race([promise, pause.catch(() => undefined)]);
  stopListening();
  ending.abort();
}
