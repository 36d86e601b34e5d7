import type { poolReasons } from '../../api/conditions.ts';
import { type HostContext, hostProblem, writeObstacle } from './host-eligibility.ts';
import { describeRefusal, isKeptByChecks } from './acceptance.ts';
import type { HostView } from '../inputs/host-view.ts';
import type { MemberFacts, UnreadableMember } from './candidates.ts';

/** Where a member is counted in the pool's status. */
export type MemberBucket = 'available' | 'allocated' | 'preparing' | 'reprovisioning' | 'unavailable';

/** The reasons for which a member makes `MembersValid` False. */
export type MemberFault = Exclude<keyof typeof poolReasons, 'MembersValid'>;

export interface MemberState {
  bucket: MemberBucket;
  fault: MemberFault | undefined;
  /** What is wrong, where the fault's name does not say it all. */
  detail: string | undefined;
}

/** `facts` with what only the bridge knows, because it saw the host before. */
export interface ObservedMemberFacts extends MemberFacts {
  /**
   * The host was released a moment ago and elemental-operator has not set `Ready` again yet (notes/host-agent.md
   * section 5). It is still counted as `preparing`: neither lost nor free.
   */
  settling: boolean;
}

/** Sorts one member of a pool into its bucket. */
export function classifyMember(
  facts: ObservedMemberFacts | UnreadableMember | undefined,
  poolName: string,
): MemberState {
  if (facts === undefined) return faulty('unavailable', 'MemberMissing');
  if ('unreadable' in facts) return faulty('unavailable', 'MemberUnreadable', facts.unreadable.slice(0, MAX_PROBLEM));
  const { host } = facts;
  if (host.pool !== undefined ? host.pool !== poolName : facts.claimedByOtherPool) {
    return faulty('unavailable', 'MemberInAnotherPool', host.pool);
  }
  const state = bucketInUse(host, facts) ?? classifyFree(host, { ...facts, poolName });
  // It may still be in use: whoever has it gives it back, and it is quarantined then.
  return host.suspect === undefined ? state : faulty(state.bucket, 'MemberSuspect', host.suspect.slice(0, MAX_PROBLEM));
}

function bucketInUse(host: HostView, facts: ObservedMemberFacts): MemberState | undefined {
  switch (host.allocationState) {
    case 'Allocated':
      return inUse('allocated', facts);
    case 'Reprovisioning':
      return inUse('reprovisioning', facts);
    case 'Preparing':
      return inUse('preparing', facts);
    case 'Unavailable':
      return unavailable(host, facts);
    case 'Available':
    case undefined:
      if (host.owner !== undefined) return inUse('allocated', facts);
      if (facts.settling && !host.ready && !host.deleting) return { ...sound, bucket: 'preparing' };
      // After a move the host is in use although nothing on it says so yet.
      return facts.namedByProviderId && !host.deleting ? inUse('allocated', facts) : undefined;
  }
}

/** `Ready` says nothing while a machine uses the host: our plans make it False, and it is no heartbeat. */
function inUse(bucket: MemberBucket, { planSecretExists }: ObservedMemberFacts): MemberState {
  return planSecretExists ? { ...sound, bucket } : faulty(bucket, 'PlanSecretMissing');
}

/** A plan of ours failed on the host, or an operator forced its release. */
function unavailable(host: HostView, facts: ObservedMemberFacts): MemberState {
  if (host.deleting) return faulty('unavailable', 'MemberMissing', 'being deleted');
  if (!facts.planSecretExists) return faulty('unavailable', 'PlanSecretMissing');
  if (host.quarantined) return faulty('unavailable', 'MemberNotReady', 'quarantined');
  if (isKeptByChecks(host)) return kept(host);
  const obstacle = writeObstacle(host, facts);
  if (obstacle !== undefined) return faulty('unavailable', 'MemberRefused', obstacle);
  return host.ready ? { ...sound, bucket: 'unavailable' } : faulty('unavailable', 'MemberNotReady');
}

/** That checks run is normal. */
function kept({ acceptance }: HostView): MemberState {
  return acceptance?.state === 'NotAccepted'
    ? faulty('unavailable', 'MemberNotAccepted', describeRefusal(acceptance))
    : { ...sound, bucket: 'unavailable' };
}

function classifyFree(host: HostView, context: HostContext): MemberState {
  const problem = hostProblem(host, context);
  switch (problem?.reason) {
    case undefined:
      return { ...sound, bucket: 'available' };
    case 'validating':
    case 'notAccepted':
      return kept(host);
    case 'deleting':
      return faulty('unavailable', 'MemberMissing', 'being deleted');
    case 'planSecretMissing':
      return faulty('unavailable', 'PlanSecretMissing');
    case 'refusesWrites':
      return faulty('unavailable', 'MemberRefused', problem?.message);
    case 'foreignPlan':
      return faulty('unavailable', 'MemberNotReady', problem?.message);
    case 'takenBySelector':
      return faulty('unavailable', 'MemberNotReady', 'owned by a MachineInventorySelector');
    case 'quarantined':
      return faulty('unavailable', 'MemberNotReady', 'quarantined');
    case 'storageBusy':
      return faulty('unavailable', 'MemberNotReady', 'storage operation in flight');
    case 'storageUnprepared':
      return faulty('unavailable', 'MemberNotReady', 'storage not prepared');
    case 'notReady':
      return faulty('unavailable', 'MemberNotReady');
    case 'inAnotherPool':
      return faulty('unavailable', 'MemberInAnotherPool');
    case 'owned':
    case 'inUse':
    case 'namedByMachine':
      return { ...sound, bucket: 'allocated' };
  }
}

/** Ten of them stand in one message. */
const MAX_PROBLEM = 300;

const sound = { fault: undefined, detail: undefined };

function faulty(bucket: MemberBucket, fault: MemberFault, detail?: string): MemberState {
  return { bucket, fault, detail };
}
