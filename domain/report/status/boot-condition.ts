import { reasons } from '../../../api/conditions.ts';
import { hasJoined, isBootDue } from '../../life/boot.ts';
import { bootSince } from '../../life/reboot.ts';
import type { MachineLife } from '../../life/machine-life.ts';
import { type DesiredCondition, fails, holds } from './machine-condition.ts';

/** `Booted`, of a machine whose host applied a plan that makes it say how it booted. */
export function bootCondition(life: MachineLife): DesiredCondition | null {
  const { stage } = life;
  if (stage.kind !== 'running' || stage.takenBy !== undefined) return null;
  const { inventory } = stage.host;
  const booted = stage.reboot === undefined ? bootSince(life, stage) : stage.reboot.boot;
  if (booted === 'active') return holds('Booted');
  if (booted === 'fallback' && stage.bootAfter !== undefined) {
    return fails(
      'Booted',
      reasons.BootedFallback,
      `Host ${inventory} was rebooted and runs its fallback image: the one that was installed does not boot any more. Find out why at its console, or delete the Machine: the host is cleaned`,
    );
  }
  if (booted === 'fallback') {
    return fails(
      'Booted',
      reasons.BootedFallback,
      `The image that was installed on host ${inventory} does not boot: it runs the one of before, and no node is made of that. ` +
        'Find out why at its console. retry installs the image once more, as a new attempt; or delete the Machine: the host is cleaned',
    );
  }
  if (!isBootDue(life, stage)) return null;
  if (!stage.nodeJoinTimedOut && stage.bootAfter !== undefined) {
    return fails('Booted', reasons.WaitingForBoot, `Waiting for host ${inventory} to boot once more`);
  }
  if (!stage.nodeJoinTimedOut) {
    return fails(
      'Booted',
      reasons.WaitingForBoot,
      `Waiting for host ${inventory} to boot the image that was installed`,
    );
  }
  if (stage.bootAfter !== undefined) {
    return fails(
      'Booted',
      reasons.BootTimedOut,
      `Host ${inventory} applied its reboot plan and has not said in time that it booted since: it hangs in its boot, or its agent does not reach the API server. Look at its console`,
    );
  }
  if (hasJoined(life)) {
    return fails(
      'Booted',
      reasons.BootTimedOut,
      `The Node of host ${inventory} has joined, and the host has not said in time which image it booted: its agent does not run, or does not reach the API server. Look at rancher-system-agent on it; nothing can be planned for the host either`,
    );
  }
  return fails(
    'Booted',
    reasons.BootTimedOut,
    `Host ${inventory} applied its plan and has not said in time that it booted: it hangs in its boot, runs a rescue system, or its agent does not reach the API server. Look at its console`,
  );
}

/** What an operator looks at when no Node came in time: a host that did not boot, and one that did, are different nights. */
export function adviseOnNode({ stage, snapshot }: MachineLife): string {
  if (stage.kind !== 'running') return 'look at the host';
  if (snapshot.boot === 'active') return 'the host has rebooted and did not join: look at cloud-init and kubelet on it';
  if (snapshot.boot === 'fallback')
    return 'the host has booted its old image, see Booted: retry, or delete the Machine';
  if (stage.awaitsBoot === true) return 'the host has not rebooted, or cannot say so, see Booted: look at its console';
  return 'look at cloud-init and kubelet on the host';
}
