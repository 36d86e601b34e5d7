import { annotations } from '../../api/constants.ts';
import type { MachineRef } from '../../domain/inputs/machine-snapshot.ts';
import { lifeQuery } from '../../workflows/messages.ts';
import { readPending } from './ui-calls.ts';
import type { ButtonPhase } from './button-phases.ts';
import { findInventory } from './hosts.ts';
import { findMachine, untilGone, untilJoined } from './machines.ts';
import { readEvents } from './object-events.ts';
import { readFootprint, runOf } from './runs.ts';
import type { Site } from './site.ts';
import { waitFor } from './wait-for.ts';

/** What stands in the cluster of the machine and its host, and what was told of it, that a button could spoil. */
export async function readWorld(site: Site, name: string) {
  const machine = await findMachine(site, name);
  const { conditions = [], machineInventoryRef } = machine?.status ?? {};
  const notes = (await findInventory(site, name))?.metadata.annotations ?? {};
  const told = (await readEvents(site, name)).filter(({ reason }) => !reason.endsWith('InTemporal'));
  return {
    phase: machine?.status?.phase,
    finalizers: machine?.metadata.finalizers,
    providerID: machine?.spec.providerID,
    owner: notes[annotations.ownerUid],
    allocationState: notes[annotations.allocationState],
    footprint: await readFootprint(site, name),
    host: machineInventoryRef?.name,
    conditions: conditions.map(({ type, status, reason }) => `${type}=${status}/${reason}`),
    told: told.map(({ reason, message }) => `${reason}: ${message}`).toSorted(),
  };
}

/** Waits until the run is in its stage, with nothing under way but a wait for a host where it waits for one. */
export async function untilBack(site: Site, machine: MachineRef, { stages }: ButtonPhase, waits: boolean) {
  const look = async () => {
    const [life, { raw }] = await Promise.all([
      runOf(site, machine).query(lifeQuery).catch(String),
      runOf(site, machine).describe(),
    ]);
    const pending = (await readPending(site, machine)).map(({ activityId, lastStartedTime }) =>
      activityId.startsWith('await-') && Boolean(lastStartedTime) ? 'wait' : 'step',
    );
    return {
      stage: typeof life === 'string' ? life : life?.stage.kind,
      task: Boolean(raw.pendingWorkflowTask),
      pending,
    };
  };
  await waitFor(
    `the run of ${machine.name} is ${stages[0]} again`,
    async () => {
      const seen = await look();
      return (
        stages.some((stage) => stage === seen.stage) && !seen.task && seen.pending.join() === (waits ? 'wait' : '')
      );
    },
    look,
    { timeoutMs: 40_000 },
  );
}

/** Whether a machine of the phase waits for its host's answer. */
export async function waitsForHost(site: Site, machine: MachineRef): Promise<boolean> {
  const isAtRest = async (): Promise<boolean> => {
    const { raw } = await runOf(site, machine).describe();
    const steps = (raw.pendingActivities ?? []).filter(({ activityId }) => activityId?.startsWith('await-') !== true);
    return !raw.pendingWorkflowTask && steps.length === 0;
  };
  await waitFor(`the run of ${machine.name} has come to rest`, isAtRest);
  return (await readPending(site, machine)).some(({ activityId }) => activityId.startsWith('await-'));
}

/** Waits for the end of the life that the phase promises. */
export async function untilEnd(site: Site, name: string, { end }: ButtonPhase): Promise<void> {
  await (end === 'running' ? untilJoined(site, name) : untilGone(site, name));
}
