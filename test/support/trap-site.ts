import { expect } from 'vitest';
import { annotations, foreign } from '../../api/constants.ts';
import { type PlanSecret, planSecrets } from '../../dev/elemental/plan-secret.ts';
import { readAuditEvents } from '../../dev/stack/audit.ts';
import type { SimulatedHost } from '../../dev/host/simulated-host.ts';
import { expectReleased } from './hosts.ts';
import {
  conditionOf,
  createMachine,
  deleteMachine,
  type MachineRequest,
  untilGone,
  untilProvisioned,
  untilReason,
  waitForMachine,
} from './machines.ts';
import { type ObjectRecorder, recordObjects } from './object-recorder.ts';
import type { Site } from './site.ts';
import { beside, siteTest } from './site-test.ts';
import { useStack } from './stack.ts';
import { startTrapHosts } from './trap-hosts.ts';
import { waitFor } from './wait-for.ts';

/** The `test` of a file whose `hosts` traps are set for; each makes its own. */
export function trapTest(label: string) {
  return siteTest(label, { hosts: [], env: { IRONLOOM_REPROVISION_DEADLINE: '5s' } })
    .extend(
      'planStates',
      { scope: 'file', auto: true },
      beside((site) => recordObjects(site, planSecrets)),
    )
    .extend('hosts', { scope: 'file' }, beside(startTrapHosts));
}

/** The pool of the machine has its name. */
export async function begin(site: Site, name: string, request: Partial<MachineRequest> = {}): Promise<void> {
  await createMachine(site, { name, pool: name, ...request });
}

/** The machine waits for its host, which is silent. */
export async function beginOnSilent(site: Site, host: SimulatedHost): Promise<void> {
  host.neverAnswer();
  await begin(site, host.name);
  await untilReason(site, host.name, 'PlanApplied', 'PlanPending');
}

/** The host runs the machine's node. */
export async function bringUp(site: Site, host: SimulatedHost): Promise<void> {
  await begin(site, host.name);
  await untilProvisioned(site, host.name);
  await untilJoined(host);
}

export async function untilJoined(host: SimulatedHost): Promise<void> {
  const isJoined = (): boolean => host.node?.registered === true && host.node.running;
  await waitFor(`${host.name} has joined`, isJoined, () => ({ node: host.node, problem: host.joinProblem }), {
    timeoutMs: 90_000,
  });
}

export async function remove(site: Site, host: SimulatedHost): Promise<void> {
  await deleteMachine(site, host.name);
  await untilGone(site, host.name);
  await expectReleased(site, host.name);
}

export async function untilFailed(site: Site, name: string, attempt: number): Promise<string> {
  const machine = await waitForMachine(site, name, `failed by attempt ${attempt}`, (found) => {
    const condition = conditionOf(found, 'PlanApplied');
    return condition?.reason === 'PlanFailed' && condition.message.includes(`attempt ${attempt},`);
  });
  expect(machine.status?.phase).toBe('Failed');
  return conditionOf(machine, 'PlanApplied')?.message ?? '';
}

/** For `test`: each write of ours to the plan Secret of a host of the file was a new plan, or gave the host back (trap 5). */
export async function expectOnlyOrders({
  site,
  planStates,
}: {
  site: Site;
  planStates: ObjectRecorder<PlanSecret>;
}): Promise<void> {
  const ofHosts = planStates.seen.filter(({ type }) => type === foreign.planSecretType);
  const hosts = [...new Set(ofHosts.map(({ metadata }) => metadata.name))];
  const events = await readAuditEvents(
    useStack().auditLogPath,
    ({ user, objectRef, responseStatus }) =>
      objectRef?.resource === 'secrets' &&
      objectRef.namespace === site.namespace &&
      ['ironloom-worker', 'ironloom-bridge'].includes(user.username) &&
      (responseStatus?.code ?? 500) < 300,
  );
  const written = hosts.map((host) => [host, events.filter(({ objectRef }) => objectRef?.name === host).length]);
  const ordered = hosts.map((host) => [host, countOrders(ofHosts.filter(({ metadata }) => metadata.name === host))]);
  expect(written).toEqual(ordered);
}

/** How often a plan of ours came to the host's Secret, and how often `max-failures` was taken away. */
function countOrders(states: readonly PlanSecret[]): number {
  return states.filter(({ metadata, data }, index) => {
    const before = states[index - 1];
    const id = metadata.annotations?.[annotations.planAttempt];
    const ordered = id !== undefined && data['plan'] !== before?.data['plan'] && before !== undefined;
    return ordered || (before?.data['max-failures'] !== undefined && data['max-failures'] === undefined);
  }).length;
}
