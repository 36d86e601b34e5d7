import { assertNever } from '../../domain/assert-never.ts';
import { createHostile, mendBootstrap } from './bootstrap-deeds.ts';
import { pressButton } from './button-deeds.ts';
import type { Command } from './command.ts';
import { answerByHand, flood, forgeSnapshot } from './hand-deeds.ts';
import { troubleHost } from './host-deeds.ts';
import { createMachines, deleteMachine, pauseCluster, pauseMachine, scale } from './machine-deeds.ts';
import { operateMachine, unquarantineHost } from './operator-deeds.ts';
import { moveAway, moveBack } from './move-deeds.ts';
import type { Outcome, Scene } from './outcome.ts';
import { forbidPlans } from './policy-deeds.ts';
import { addMember, dropImage, dropMember, renamePool } from './pool-deeds.ts';
import { cutJournal, cutTemporal, resumeWatches, stallWatch, startNextBuild, switchProcess } from './process-deeds.ts';
import { awaitMachine, letRest } from './let-rest.ts';
import { troubleRecord } from './record-deeds.ts';

/** Does a command if there is somebody to do it to; what it leads to is not waited for. */
export async function performCommand(scene: Scene, command: Command): Promise<Outcome> {
  switch (command.kind) {
    case 'create':
      return createMachines(scene, command.slot, command.count);
    case 'createHostile':
      return createHostile(scene, command);
    case 'mendBootstrap':
      return mendBootstrap(scene);
    case 'scale':
      return scale(scene, command.slot, command.to);
    case 'delete':
      return deleteMachine(scene, command.nth);
    case 'renamePool':
      return renamePool(scene, command.slot);
    case 'dropMember':
      return dropMember(scene, command.slot, command.nth);
    case 'addMember':
      return addMember(scene, command.slot, command.nth);
    case 'dropImage':
    case 'addImage':
      return dropImage(scene, command.kind === 'dropImage');
    case 'pauseCluster':
    case 'unpauseCluster':
      return pauseCluster(scene, command.kind === 'pauseCluster');
    case 'awaitMachine':
      return awaitMachine(scene);
    case 'moveAway':
      return moveAway(scene);
    case 'moveBack':
      return moveBack(scene);
    case 'forbidPlans':
    case 'allowPlans':
      return forbidPlans(scene, command.kind === 'forbidPlans');
    case 'pauseMachine':
    case 'unpauseMachine':
      return pauseMachine(scene, command.nth, command.kind === 'pauseMachine');
    case 'failPlan':
    case 'answerLate':
    case 'fallSilent':
    case 'speakAgain':
    case 'loseAnswer':
    case 'restartAgent':
    case 'switchOff':
    case 'switchOn':
    case 'reboot':
    case 'register':
      return troubleHost(scene, command);
    case 'killWorker':
    case 'startWorker':
      return switchProcess(scene, 'worker', command.kind === 'killWorker');
    case 'killBridge':
    case 'startBridge':
      return switchProcess(scene, 'bridge', command.kind === 'killBridge');
    case 'startNextBuild':
      return startNextBuild(scene);
    case 'stopOldBuild':
      return (await scene.lane.crew.stopOldBuild()) ? 'done' : 'skipped';
    case 'cutTemporal':
      return cutTemporal(scene, command.seconds);
    case 'cutJournal':
      return cutJournal(scene, command.seconds);
    case 'operate':
      return operateMachine(scene, command);
    case 'unquarantine':
      return unquarantineHost(scene, command.nth);
    case 'stallWatch':
      return stallWatch(scene, command.who, command.of);
    case 'resumeWatches':
      return resumeWatches(scene);
    case 'forge':
      return forgeSnapshot(scene, command);
    case 'flood':
      return flood(scene, command.nth);
    case 'press':
      return pressButton(scene, command);
    case 'answerByHand':
      return answerByHand(scene, command);
    case 'sealSecret':
    case 'replaceSecret':
    case 'fillInventory':
    case 'emptyInventory':
    case 'spoilInventory':
    case 'mendInventory':
    case 'loseHost':
    case 'resetHost':
    case 'selectHost':
    case 'registerAnew':
      return troubleRecord(scene, command);
    case 'rest':
      return letRest(scene);
    default:
      return assertNever(command);
  }
}
