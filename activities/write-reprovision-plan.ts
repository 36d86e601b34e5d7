import type { BaremetalMachine } from '../api/machine.ts';
import type { BoundHost } from '../domain/life/machine-life.ts';
import type { MachineRef } from '../domain/inputs/machine-snapshot.ts';
import type { NumberedStatus } from '../domain/report/status/machine-status.ts';
import type { ProvisionOutcome } from '../domain/life/step-outcomes.ts';
import { renameHost } from './host/bound-host.ts';
import { findContent } from './inputs/plan-content.ts';
import type { ActivityDependencies } from './step/dependencies.ts';
import { startFence } from './step/fence.ts';
import { findNamingMachine } from './host/live-candidate.ts';
import { inspectPlanSlot } from './host/plan-writer.ts';
import { findPool, provisionHost } from './provision-host.ts';
import { writeStatusOfWait } from './publish-status.ts';
import { findMachine } from './step/find-machine.ts';

/**
 * Gathers what the plan needs (bootstrap data, image, network), and writes it once per attempt. Whatever is missing
 * is named, all of it at once, and nothing is written.
 */
export function createWriteReprovisionPlan(deps: ActivityDependencies) {
  return async function writeReprovisionPlan(input: {
    machine: MachineRef;
    host: BoundHost;
    attempt: number;
    /** Says that the host is waited for. Absent: asked by a worker of before this field. */
    status?: NumberedStatus;
  }): Promise<ProvisionOutcome> {
    const fence = startFence();
    const host = renameHost(input.host, findPool(deps, input.machine));
    const order = { machine: input.machine, host, attempt: input.attempt, planType: 'reprovision' } as const;
    const reading = findMachine(deps, input.machine);
    const [machine, slot, found, namedBy] = await Promise.all([
      reading,
      inspectPlanSlot(deps, order),
      findContent(deps, input.machine),
      findOtherUser(deps, host, reading),
    ]);
    if (machine === undefined) return { kind: 'gone' };
    const outcome = await provisionHost(deps, fence, order, { machine, slot, found, namedBy });
    if (outcome.kind !== 'written') return outcome;
    return { ...outcome, ...(await writeStatusOfWait(deps, fence, input, machine)) };
  };
}

async function findOtherUser(
  deps: ActivityDependencies,
  host: BoundHost,
  reading: Promise<BaremetalMachine | undefined>,
): Promise<string | undefined> {
  const machine = await reading;
  if (machine === undefined) return undefined;
  const { namespace, resourceVersion } = machine.metadata;
  const key = { namespace, name: host.inventory };
  return findNamingMachine(deps, machine.metadata, key, { by: 'read', resourceVersion });
}
