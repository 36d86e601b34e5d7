import { reasons } from '../../api/conditions.ts';
import type { MachineLife, Obstacle } from './machine-life.ts';

/** The plan lacks nothing but a slot, as the step found that was to write it. */
export function lacksSlot({ stage, obstacles }: MachineLife): boolean {
  return stage.kind === 'claimed' && obstacles.some(({ reason }) => reason === reasons.WaitingForSlot);
}

/** It is another machine's turn: as long as the bridge tells a place in the queue, no step needs to ask again. */
export function isQueued(life: MachineLife): boolean {
  return lacksSlot(life) && life.snapshot.queued !== undefined;
}

/** It may be the machine's turn, whatever place was told. */
export function withoutPlace(life: MachineLife): MachineLife {
  if (life.snapshot.queued === undefined) return life;
  const { queued: _, ...snapshot } = life.snapshot;
  return { ...life, snapshot };
}

/** How many hosts may be at a reprovision plan at a time; undefined: as many as there are. */
interface Limits {
  pool: { name: string; limit: number | undefined };
  installation: number | undefined;
}

/** Each of them may be what the machine waits for: who arbitrates tells its place. */
export function slotMissing({ pool, installation }: Limits): Obstacle {
  const limits = [
    ...(pool.limit === undefined ? [] : [`${hosts(pool.limit)} of pool ${pool.name}`]),
    ...(installation === undefined ? [] : [`${hosts(installation)} of the installation`]),
  ];
  return {
    condition: 'PlanApplied',
    reason: reasons.WaitingForSlot,
    message: `At most ${limits.join(' and ')} may be at a reprovision plan at a time; control planes come first, then the oldest machine`,
  };
}

function hosts(count: number): string {
  return count === 1 ? '1 host' : `${count} hosts`;
}
