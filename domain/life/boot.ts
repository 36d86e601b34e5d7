import type { MachineLife, Stage, WrittenPlan } from './machine-life.ts';
import { bootSince } from './reboot.ts';

type Running = Extract<Stage, { kind: 'running' }>;

/** What a run keeps of the plan that its host applied, for the proof that the host booted since. */
export function expectBoot({ attempt, reportsBoot }: WrittenPlan): Pick<Running, 'attempt' | 'awaitsBoot'> {
  return { attempt, ...(reportsBoot === true && { awaitsBoot: true }) };
}

/** Whether the host is still to say how it booted. */
export function isBootDue(life: MachineLife, stage: Running): boolean {
  return stage.awaitsBoot === true && stage.reboot === undefined && bootSince(life, stage) === undefined;
}

/** Whether the Node is there, and the host could still say in time how it booted. */
export function isOwedBootOnly(life: MachineLife): boolean {
  const { stage } = life;
  return stage.kind === 'running' && !stage.nodeJoinTimedOut && hasJoined(life) && isBootDue(life, stage);
}

/** Whether the Node of the machine has registered. */
export function hasJoined({ snapshot }: MachineLife): boolean {
  return snapshot.machine !== null && snapshot.machine.nodeName !== null;
}

/**
 * What becomes of a machine whose host fell back to its old image, when an operator retries: the same plan once more, as a
 * new attempt. Undefined: that is not so, or a node of the host is known, which nobody may take away like that.
 */
export function retryBoot({ snapshot, stage }: MachineLife): Extract<Stage, { kind: 'claimed' }> | undefined {
  if (stage.kind !== 'running' || snapshot.boot !== 'fallback' || stage.attempt === undefined) return undefined;
  // Which attempt it was is not known any more, nor whether a node came of it.
  if (stage.bootAfter !== undefined || stage.reboot !== undefined) return undefined;
  if (snapshot.deleting || stage.takenBy !== undefined || snapshot.machine?.nodeName !== null) return undefined;
  return { kind: 'claimed', host: stage.host, attempt: stage.attempt + 1 };
}

/**
 * Whether a machine that holds a host without a node is provisioned all the same: it gets its plan once more, and its
 * providerID, which never changes, names this host.
 */
export function isBound({ snapshot, stage }: MachineLife): boolean {
  const isRepeated = stage.kind === 'claimed' || stage.kind === 'reprovisioning';
  return isRepeated && snapshot.provisioning === null && !snapshot.deleting;
}
