import type { MachineConditionType, Reason } from '../../../api/conditions.ts';
import { haltedBy } from '../../life/halt.ts';
import type { MachineLife } from '../../life/machine-life.ts';

/** A condition as the run wants it; times are added where it is written. */
export interface DesiredCondition {
  type: MachineConditionType;
  status: 'True' | 'False';
  reason: Reason;
  message: string;
}

/** What an obstacle that was met, or a step that was stopped, says under its condition. */
export function findObstacle(life: MachineLife, type: MachineConditionType): DesiredCondition | null {
  const halted = haltedBy(life);
  const all = halted === undefined ? life.obstacles : [halted, ...life.obstacles];
  const found = all.find((obstacle) => obstacle.condition === type);
  return found === undefined ? null : fails(type, found.reason, found.message);
}

export function holds(type: Exclude<MachineConditionType, 'Paused'>, message = ''): DesiredCondition {
  return { type, status: 'True', reason: type, message };
}

export function fails(type: MachineConditionType, reason: Reason, message: string): DesiredCondition {
  return { type, status: 'False', reason, message };
}
