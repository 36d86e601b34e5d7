import { afterAll, beforeAll, expect } from 'vitest';
import { annotations, foreign } from '../../api/constants.ts';
import { planSecrets } from '../../dev/elemental/plan-secret.ts';
import { readAuditEvents } from '../../dev/stack/audit.ts';
import type { SimulatedHost } from '../../dev/host/simulated-host.ts';
import { deployCluster } from './clusters.ts';
import { expectReleased, type getPlanSecret } from './hosts.ts';
import {
  conditionOf,
  createMachine,
  createPool,
  deleteMachine,
  type MachineRequest,
  untilGone,
  untilProvisioned,
  untilReason,
  waitForMachine,
} from './machines.ts';
import { type ObjectRecorder, recordObjects } from './object-recorder.ts';
import { type Site, startSite } from './site.ts';
import { useStack } from './stack.ts';
import { startTrapHosts, type TrapHostOptions, type TrapHosts } from './trap-hosts.ts';
import { waitFor } from './wait-for.ts';

type RecordedSecret = Awaited<ReturnType<typeof getPlanSecret>>;

export let site: Site;
let hosts: TrapHosts;
let recorder: ObjectRecorder<RecordedSecret>;
const trapped: string[] = [];

/** One site for the traps of a test file, which `site` names once its tests run. */
export function useTrapSite(label: string): void {
  beforeAll(async () => {
    // A file before this one may have been the last to use this module.
    trapped.length = 0;
    site = await startSite(label, { hosts: [], replicas: 0, env: { IRONLOOM_REPROVISION_DEADLINE: '5s' } });
    await deployCluster(site, useStack());
    recorder = await recordObjects(site, planSecrets);
    hosts = await startTrapHosts(site);
  });
  afterAll(async () => {
    await hosts.stop();
    await recorder.stop();
    await site.close();
  });
}

/** A host, and a pool of it, all of the same name as the machine that `begin` makes. */
export async function addHost(name: string, options: TrapHostOptions = {}): Promise<SimulatedHost> {
  trapped.push(name);
  await createPool(site, name, [name]);
  return hosts.add(name, options);
}

export async function begin(name: string, request: Partial<MachineRequest> = {}): Promise<void> {
  await createMachine(site, { name, pool: name, ...request });
}

/** The machine waits for its host, which is silent. */
export async function beginOnSilent(host: SimulatedHost): Promise<void> {
  host.neverAnswer();
  await begin(host.name);
  await untilReason(site, host.name, 'PlanApplied', 'PlanPending');
}

/** The host runs the machine's node. */
export async function bringUp(host: SimulatedHost): Promise<void> {
  await begin(host.name);
  await untilProvisioned(site, host.name);
  await untilJoined(host);
}

export async function untilJoined(host: SimulatedHost): Promise<void> {
  const isJoined = (): boolean => host.node?.registered === true && host.node.running;
  await waitFor(`${host.name} has joined`, isJoined, () => ({ node: host.node, problem: host.joinProblem }), {
    timeoutMs: 90_000,
  });
}

export async function remove(host: SimulatedHost): Promise<void> {
  await deleteMachine(site, host.name);
  await untilGone(site, host.name);
  await expectReleased(site, host.name);
}

export async function untilFailed(name: string, attempt: number): Promise<string> {
  const machine = await waitForMachine(site, name, `failed by attempt ${attempt}`, (found) => {
    const condition = conditionOf(found, 'PlanApplied');
    return condition?.reason === 'PlanFailed' && condition.message.includes(`attempt ${attempt},`);
  });
  expect(machine.status?.phase).toBe('Failed');
  return conditionOf(machine, 'PlanApplied')?.message ?? '';
}

/** Of all hosts of the file: each write of ours to a plan Secret was a new plan, or gave the host back (trap 5). */
export async function expectOnlyOrders(): Promise<void> {
  const events = await readAuditEvents(
    useStack().auditLogPath,
    ({ user, objectRef, responseStatus }) =>
      objectRef?.resource === 'secrets' &&
      objectRef.namespace === site.namespace &&
      ['ironloom-worker', 'ironloom-bridge'].includes(user.username) &&
      (responseStatus?.code ?? 500) < 300,
  );
  const counted = Object.fromEntries(
    trapped.map((host) => [host, events.filter(({ objectRef }) => objectRef?.name === host).length]),
  );
  expect(counted).toEqual(Object.fromEntries(trapped.map((host) => [host, countOrders(host)])));
}

/** How often a plan of ours came to the host's Secret, and how often `max-failures` was taken away. */
function countOrders(host: string): number {
  const states = recorder.seen.filter(
    ({ metadata, type }) => metadata.name === host && type === foreign.planSecretType,
  );
  return states.filter(({ metadata, data }, index) => {
    const before = states[index - 1];
    const id = metadata.annotations?.[annotations.planAttempt];
    const ordered = id !== undefined && data['plan'] !== before?.data['plan'] && before !== undefined;
    return ordered || (before?.data['max-failures'] !== undefined && data['max-failures'] === undefined);
  }).length;
}
