import { hostLabels } from '../support/host-labels.ts';
import { reasons } from '../../api/conditions.ts';
import { annotations } from '../../api/constants.ts';
import { machineInventories } from '../../api/resources.ts';
import { parseAttemptId } from '../../domain/plan/attempt.ts';
import { waitFor } from '../support/wait-for.ts';
import { viewHost } from '../../domain/inputs/host-view.ts';
import { findCondition, isAllFree, isAtRest, judgeRest } from './at-rest.ts';
import { mendBootstrap } from './bootstrap-deeds.ts';
import { unpauseAll } from './button-deeds.ts';
import { mendHosts } from './host-deeds.ts';
import type { Inventory } from './history.ts';
import { forbidPlans } from './policy-deeds.ts';
import { blankHost, mendRecords } from './record-deeds.ts';
import { untilRunsAreStill } from './still-runs.ts';
import { deleteOne, pauseCluster, pauseMachine } from './machine-deeds.ts';
import { livingMachines } from './model-state.ts';
import { moveBack } from './move-deeds.ts';
import { updateMachine } from './operator-deeds.ts';
import type { Scene } from './outcome.ts';
import { resumeWatches, switchProcess } from './process-deeds.ts';
import { dropImage, restorePools } from './pool-deeds.ts';

/** How long all may take to settle once nothing goes wrong any more; a worker's death alone costs 15 s. */
const SETTLE_TIMEOUT_MS = 120_000;

/**
 * Ends all trouble, and waits until every machine runs or waits for a host that there is not.
 * `onLook` is called again and again and may throw. @throws DeadlineError
 */
export async function comeToRest(scene: Scene, onLook: () => void): Promise<void> {
  const { model } = scene;
  resumeWatches(scene);
  await Promise.all([model.temporalBack, model.journalBack]);
  await scene.lane.crew.stopOldBuild();
  await Promise.all([switchProcess(scene, 'worker', false), switchProcess(scene, 'bridge', false), mendHosts(scene)]);
  await forbidPlans(scene, false);
  await mendRecords(scene);
  await mendBootstrap(scene);
  await moveBack(scene);
  await pauseCluster(scene, false);
  await dropImage(scene, false);
  while (model.pausedMachines.size > 0) {
    if ((await pauseMachine(scene, 0, false)) === 'skipped') break;
  }
  await unpauseAll(scene);
  const operator = createOperator(scene);
  await waitFor(
    'every machine has come to rest',
    async () => {
      onLook();
      await operator.help();
      return livingMachines(model).every(({ name }) => isAtRest(scene, scene.lane.history.machines.get(name)));
    },
    () => undefined,
    { timeoutMs: SETTLE_TIMEOUT_MS },
  );
  const problems = judgeRest(scene.lane.history.machines.values());
  if (problems.length > 0) throw new Error(problems.join('; '));
  await untilRunsAreStill(scene);
}

/** Deletes every machine, restores the pools, and waits until all hosts are free in theirs. See `comeToRest`. */
export async function clearAway(scene: Scene, onLook: () => void): Promise<void> {
  const { lane, model } = scene;
  await Promise.all(livingMachines(model).map((machine) => deleteOne(scene, machine)));
  await restorePools(scene);
  const operator = createOperator(scene);
  await waitFor(
    'every machine is gone and every host is free',
    async () => {
      onLook();
      await operator.help();
      return lane.history.machines.size === 0 && isAllFree(scene);
    },
    () => undefined,
    { timeoutMs: SETTLE_TIMEOUT_MS },
  );
}

/** What somebody has to mend before it is tried again; it is mended. */
const retried = [reasons.PlanFailed, reasons.PlanSecretMissing, reasons.HostTaken];

/** Only the clean plan that was left for the host, not one of an earlier life, ends a quarantine when the host applies it. */
function hasCleanPlan({ lane }: Scene, host: Inventory): boolean {
  const { name, plan } = viewHost(host, hostLabels);
  const standing = lane.history.plans.get(name)?.planAttempt;
  return standing !== undefined && standing === plan?.attemptId && parseAttemptId(standing)?.planType === 'clean';
}

/** Somebody who does once what the conditions ask people for. */
function createOperator(scene: Scene) {
  const { lane, model } = scene;
  const done = new Set<string>();
  const once = async (what: string, act: () => Promise<unknown>): Promise<void> => {
    if (done.has(what)) return;
    done.add(what);
    await act();
  };
  return {
    async help(): Promise<void> {
      for (const machine of lane.history.machines.values()) {
        const { name } = machine.metadata;
        const { writtenBy } = machine.status ?? {};
        if (findCondition(machine, 'Paused')?.message.includes('An operator paused') === true) {
          await once(`resume ${name} ${writtenBy}`, () => updateMachine(lane, machine, 'resume'));
        }
        if (retried.some((reason) => findCondition(machine, 'PlanApplied')?.reason === reason)) {
          await once(`retry ${name} ${writtenBy}`, () => updateMachine(lane, machine, 'retry'));
        }
      }
      for (const host of lane.history.hosts.values()) {
        const { metadata } = host;
        if (!(annotations.quarantine in metadata.annotations)) continue;
        if (model.records.ever.has(metadata.name) || !hasCleanPlan(scene, host)) {
          // What was left there may never have reached the host, or nothing could be left: a policy forbade it.
          await once(`blank ${metadata.name}`, () => blankHost(scene, metadata.name));
          continue;
        }
        const note = { [annotations.operation]: 'unquarantine' };
        await once(`unquarantine ${metadata.name}`, () =>
          lane.client.patch(machineInventories, metadata, { metadata: { annotations: note } }),
        );
      }
    },
  };
}
