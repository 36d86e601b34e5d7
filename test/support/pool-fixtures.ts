import type { AcceptanceState } from '../../api/constants.ts';
import type { HostAcceptance } from '../../domain/inputs/host-acceptance.ts';
import type { HostView } from '../../domain/inputs/host-view.ts';
import type { MachineView } from '../../domain/inputs/machine-view.ts';
import { noPreference } from '../../domain/inputs/preference.ts';
import type { ObservedMemberFacts } from '../../domain/pool/members.ts';

/** A registered host that nobody uses. */
export function freeHost(name: string, overrides: Partial<HostView> = {}): HostView {
  return {
    namespace: 'demo',
    name,
    uid: `uid-${name}`,
    resourceVersion: '1',
    deleting: false,
    ready: true,
    planSecretName: `${name}-plan`,
    failureDomain: undefined,
    hardware: undefined,
    addresses: [],
    takenBySelector: false,
    storageUnprepared: false,
    storageBusy: false,
    annotationsFull: false,
    quarantined: false,
    failedReprovision: undefined,
    failures: 0,
    lastGroup: undefined,
    acceptance: undefined,
    operation: undefined,
    allocationState: undefined,
    pool: undefined,
    owner: undefined,
    plan: undefined,
    ...overrides,
  };
}

/** What a host has recorded of checks with the hash `h1`. */
export function acceptanceOf(state: AcceptanceState, changes: Partial<HostAcceptance> = {}): HostAcceptance {
  return {
    state,
    checks: 'h1',
    after: undefined,
    attempt: 'validate-1-uid-h.secret-1',
    since: '2026-01-01T00:00:00Z',
    results: undefined,
    ...changes,
  };
}

/** What is known of a free member. */
export function memberFacts(
  name: string,
  host: Partial<HostView> = {},
  circumstances: Partial<Omit<ObservedMemberFacts, 'host'>> = {},
): ObservedMemberFacts {
  return {
    host: freeHost(name, host),
    planSecretExists: true,
    claimedByOtherPool: false,
    namedByProviderId: false,
    settling: false,
    ...circumstances,
  };
}

/** A machine of the pool `workers` that waits for a host; `age` orders machines, 0 is the oldest. */
export function waitingMachine(name: string, age: number, overrides: Partial<MachineView> = {}): MachineView {
  return {
    namespace: 'demo',
    name,
    uid: `uid-${name}`,
    resourceVersion: '1',
    creationTimestamp: new Date(Date.UTC(2026, 0, 1, 0, 0, age)).toISOString().replace('.000', ''),
    deleting: false,
    hasFinalizer: true,
    pausedByAnnotation: false,
    reportsPaused: false,
    deletedForMove: false,
    ownerMachine: name,
    clusterName: 'demo',
    isControlPlane: false,
    pool: 'workers',
    preference: noPreference,
    providerID: undefined,
    phase: 'Pending',
    inventory: undefined,
    planSecret: undefined,
    nodeName: undefined,
    avoidedHosts: [],
    awaitedFailureDomain: undefined,
    waitsForHost: true,
    waitsForSlot: false,
    lastPlan: undefined,
    hostReason: 'PoolExhausted',
    bootstrapReason: undefined,
    imageReason: undefined,
    readyReason: undefined,
    unreadySince: undefined,
    overdue: undefined,
    provisioned: false,
    reportsBooted: false,
    observedInputs: undefined,
    statusWrittenBy: undefined,
    statusEditedAt: undefined,
    operation: undefined,
    operationId: undefined,
    ...overrides,
  };
}
