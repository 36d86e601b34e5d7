import { MACHINE_FINALIZER } from '../api/constants.ts';
import { baremetalMachines, secrets } from '../api/resources.ts';
import type { BoundHost } from '../domain/life/machine-life.ts';
import type { MachineRef } from '../domain/inputs/machine-snapshot.ts';
import { tellRelease } from '../domain/report/machine-news.ts';
import { parseAttemptId } from '../domain/plan/attempt.ts';
import { releasePatch, viewPlanSecret } from '../domain/plan/secret.ts';
import type { FinishOutcome, ReleaseOutcome } from '../domain/life/step-outcomes.ts';
import type { ActivityDependencies } from './step/dependencies.ts';
import { noteNews } from './step/event-recorder.ts';
import { findAdoptableHost } from './host/adopt.ts';
import { type Fence, startFence } from './step/fence.ts';
import { findHeldHost } from './host/held-host.ts';
import { type OwnedHost, readOwnedHost, writeHostRecord } from './host/record.ts';
import { findMachine } from './step/find-machine.ts';
import { logStep } from './step/log.ts';

/**
 * Gives the host back: the Secret first, while it is still ours to write, then the inventory, then the finalizer.
 * Each part finds itself done when the process died after it.
 */
export function createReleaseHost(deps: ActivityDependencies) {
  return async function releaseHost(input: {
    machine: MachineRef;
    host: BoundHost;
    /** The run believes that nothing was ever written to the host; checked here. */
    untouched: boolean;
    /** The machine goes, too: its finalizer is dropped. */
    last: boolean;
  }): Promise<ReleaseOutcome> {
    const fence = startFence();
    const owned = await readOwnedHost(deps, input.machine, input.host.inventory);
    if (owned.kind === 'ours') {
      const touched = await freePlanSecret(deps, fence, input.machine, owned, input.untouched);
      if (touched && input.untouched) return { kind: 'needsClean' };
      await writeHostRecord(deps, fence, owned.host, { state: 'Available', owner: null, plan: null });
      const { inventory } = input.host;
      logStep('Gave the host back', input.machine, { host: inventory });
      noteNews(deps, input.machine, tellRelease(inventory, input.untouched), inventory);
    }
    if (input.last) await dropFinalizer(deps, fence, input.machine);
    return { kind: 'released' };
  };
}

/**
 * Whether a plan of this machine stands in the Secret, or was about to (a Secret that is gone or somebody else's proves
 * nothing); if it stands there and the host is clean, our `max-failures` goes.
 */
async function freePlanSecret(
  deps: ActivityDependencies,
  fence: Fence,
  machine: MachineRef,
  { host }: Extract<OwnedHost, { kind: 'ours' }>,
  untouched: boolean,
): Promise<boolean> {
  const isOurs = (attempt: string | undefined) => attempt !== undefined && parseAttemptId(attempt)?.uid === machine.uid;
  const key = { namespace: machine.namespace, name: host.planSecretName ?? host.name };
  const secret = await deps.kube.find(secrets, key);
  const view = secret && viewPlanSecret(secret);
  const stands = isOurs(view?.planAttempt);
  const touched = stands || isOurs(host.plan?.attemptId);
  if (view === undefined || !stands || untouched || view.maxFailures === undefined) return touched;
  fence.assertAlive();
  await deps.kube.patch(secrets, key, releasePatch({ resourceVersion: view.resourceVersion, uid: view.uid }));
  return touched;
}

/** Drops the finalizer of a machine that holds no host. A run that was set back may only believe so: checked here. */
export function createFinishMachine(deps: ActivityDependencies) {
  return async function finishMachine(input: { machine: MachineRef }): Promise<FinishOutcome> {
    const fence = startFence();
    const machine = await findMachine(deps, input.machine);
    if (machine === undefined) return undefined;
    if ((await findHeldHost(deps, input.machine, machine)) !== undefined) return { kind: 'holdsHost' };
    // The host on which the node runs has come back: the run adopts and cleans it.
    if ((await findAdoptableHost(deps, machine)) !== undefined) return { kind: 'holdsHost' };
    await dropFinalizer(deps, fence, input.machine);
    return undefined;
  };
}

/**
 * Keeps a host whose plan failed out of the pool until an operator has looked. One that could not become a node is
 * claimed last afterwards, or the machine that replaces this one would get it again.
 */
export function createMarkHostUnavailable(deps: ActivityDependencies) {
  return async function markHostUnavailable(input: { machine: MachineRef; host: BoundHost }): Promise<void> {
    const fence = startFence();
    const owned = await readOwnedHost(deps, input.machine, input.host.inventory);
    if (owned.kind !== 'ours') return;
    const attempt = owned.host.plan?.attemptId ?? '';
    const isReprovision = parseAttemptId(attempt)?.planType === 'reprovision';
    const record = { state: 'Unavailable', ...(isReprovision && { failedReprovision: attempt }) } as const;
    await writeHostRecord(deps, fence, owned.host, record);
    logStep('Keeps the host out of the pool', input.machine, { host: input.host.inventory });
  };
}

/** Takes our finalizer, and no other, off the machine; nothing if it is gone. */
export async function dropFinalizer(deps: ActivityDependencies, fence: Fence, ref: MachineRef): Promise<void> {
  const machine = await findMachine(deps, ref);
  if (machine === undefined || !machine.metadata.finalizers.includes(MACHINE_FINALIZER)) return;
  const { namespace, name, uid, resourceVersion } = machine.metadata;
  const finalizers = machine.metadata.finalizers.filter((finalizer) => finalizer !== MACHINE_FINALIZER);
  fence.assertAlive();
  await deps.kube.patch(baremetalMachines, { namespace, name }, { metadata: { uid, resourceVersion, finalizers } });
}
