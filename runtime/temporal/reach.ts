import type { Build, Poller, TaskQueueView } from './task-queue.ts';

/** A worker asks anew at least once a minute; Temporal remembers it for five after it was killed. */
const POLLER_LOST_MS = 75_000;

/** A worker, as Temporal knows it. */
export interface WorkerIdentity {
  identity: string;
  /** undefined: unversioned. */
  build: Build | undefined;
}

/** Why tasks do not reach this worker, in words for an operator; undefined: they do. */
export function whyUnreached(worker: WorkerIdentity, queue: TaskQueueView): string | undefined {
  if (!queue.pollers.some(({ identity }) => identity === worker.identity))
    return 'Temporal has not seen this worker ask for tasks';
  if (getsTasks(worker.build, queue)) return undefined;
  return worker.build === undefined ? describeUnversioned(queue) : describeWaiting(worker.build, queue);
}

/** Why nobody would take a run's next task, in words for an operator; undefined: somebody would. */
export function whyNobodyServes(queue: TaskQueueView, nowMs: number): string | undefined {
  const alive = queue.pollers.filter((poller) => isAlive(poller, nowMs));
  if (alive.some(({ build }) => getsTasks(build, queue))) return undefined;
  if (alive.length === 0) return 'no worker asks for its tasks';
  if (queue.current === undefined) return 'its workers have build ids, and none of them is current';
  const { buildId } = queue.current;
  const builds = [...new Set(alive.map(({ build }) => build?.buildId ?? 'no build id'))].toSorted();
  return `build ${buildId} is current, and no worker of it is there, only of: ${builds.join(', ')}`;
}

function isAlive({ lastSeenMs }: Poller, nowMs: number): boolean {
  return nowMs - lastSeenMs < POLLER_LOST_MS;
}

function getsTasks(build: Build | undefined, { current, ramping }: TaskQueueView): boolean {
  if (build === undefined) return current === undefined || ramping === 'unversioned';
  return isSame(build, current) || (typeof ramping === 'object' && isSame(build, ramping));
}

function isSame(build: Build, other: Build | undefined): boolean {
  return other !== undefined && build.buildId === other.buildId && build.deploymentName === other.deploymentName;
}

function describeUnversioned({ current }: TaskQueueView): string {
  const { deploymentName, buildId } = current ?? { deploymentName: '', buildId: '' };
  const advice = `give it an IRONLOOM_BUILD_ID, or: temporal worker deployment set-current-version --deployment-name ${deploymentName} --unversioned`;
  return `build ${buildId} is current, and a worker without a build id gets no task; ${advice}`;
}

function describeWaiting({ deploymentName, buildId }: Build, { current }: TaskQueueView): string {
  const others =
    current === undefined ? 'workers without a build id get the tasks' : `build ${current.buildId} is current`;
  return `${others}, not ${buildId}; to change that: temporal worker deployment set-current-version --deployment-name ${deploymentName} --build-id ${buildId}`;
}
