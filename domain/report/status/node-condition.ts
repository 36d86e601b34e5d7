import { reasons } from '../../../api/conditions.ts';
import { hasJoined } from '../../life/boot.ts';
import type { BoundHost, MachineLife } from '../../life/machine-life.ts';
import { adviseOnNode } from './boot-condition.ts';
import { type DesiredCondition, fails, holds } from './machine-condition.ts';

/** `NodeJoined`, of a machine whose host applied its plan. */
export function nodeCondition(life: MachineLife): DesiredCondition | null {
  const { stage, snapshot } = life;
  if (stage.kind !== 'running' && stage.kind !== 'hostless') return null;
  if (hasJoined(life)) return holds('NodeJoined');
  if (stage.kind === 'hostless') return fails('NodeJoined', reasons.WaitingForNode, noNodeYet);
  const { host } = stage;
  if (snapshot.nodeNameTakenBy !== undefined) {
    return fails(
      'NodeJoined',
      reasons.NodeNameTaken,
      `Machine ${snapshot.nodeNameTakenBy} has a Node of the name${quote(host.nodeName)} under which host ${host.inventory} registers, so this one cannot join. ` +
        'Give each a name of its own (nodeRegistration.name in the bootstrap template, hostname in the pool), and delete the Machine',
    );
  }
  if (stage.nodeJoinTimedOut) {
    const says = snapshot.waitsFor === undefined ? '' : ` (its Machine: ${snapshot.waitsFor})`;
    return fails(
      'NodeJoined',
      reasons.NodeJoinTimedOut,
      `Host ${host.inventory} applied its plan and no Node with its providerID registered in time; ${adviseOnNode(life)}${says}`,
    );
  }
  const fixed = typeof host.nodeName === 'string' && host.nodeName !== host.hostname;
  const named = fixed ? `; the bootstrap data names it${quote(host.nodeName)}, not as its host` : '';
  return fails('NodeJoined', reasons.WaitingForNode, `${noNodeYet}${named}`);
}

const noNodeYet = 'The Machine has no nodeRef yet';

function quote(nodeName: BoundHost['nodeName']): string {
  return typeof nodeName === 'string' ? ` ${nodeName}` : '';
}
