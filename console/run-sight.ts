import { type Client, WorkflowNotFoundError } from '@temporalio/client';
import type { OwnerRun } from '../domain/hosts/host-user.ts';
import type { MachineRef } from '../domain/inputs/machine-snapshot.ts';
import { machineWorkflowId } from '../domain/life/run-id.ts';

/** Whether machines have an open run, as far as somebody has asked. */
export interface RunSight {
  /** As of the last look. */
  of(uid: string): OwnerRun;
  /** Asks Temporal now. Never rejects: what nobody answers is `unknown`. */
  look(machine: MachineRef): Promise<OwnerRun>;
  onChange(listener: (uid: string) => void): void;
}

/** Answers of machines that are long gone are forgotten. */
const MAX_KNOWN = 2_000;
const ASK_TIMEOUT_MS = 3_000;

/** @param client undefined while Temporal cannot be reached */
export function createRunSight(client: () => Client | undefined): RunSight {
  const known = new Map<string, OwnerRun>();
  const listeners = new Set<(uid: string) => void>();

  async function ask(machine: MachineRef): Promise<OwnerRun> {
    const temporal = client();
    if (temporal === undefined) return 'unknown';
    const handle = temporal.workflow.getHandle(machineWorkflowId(machine));
    try {
      const deadline = Date.now() + ASK_TIMEOUT_MS;
      const { closeTime } = await temporal.connection.withDeadline(deadline, () => handle.describe());
      return closeTime === undefined ? 'open' : 'none';
    } catch (error) {
      return error instanceof WorkflowNotFoundError ? 'none' : 'unknown';
    }
  }

  return {
    of: (uid) => known.get(uid) ?? 'unknown',
    async look(machine) {
      const run = await ask(machine);
      const before = known.get(machine.uid) ?? 'unknown';
      known.delete(machine.uid);
      known.set(machine.uid, run);
      const [oldest] = known.keys();
      if (known.size > MAX_KNOWN && oldest !== undefined) known.delete(oldest);
      if (run !== before) for (const listener of listeners) listener(machine.uid);
      return run;
    },
    onChange: (listener) => void listeners.add(listener),
  };
}
