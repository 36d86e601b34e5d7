import { type PlanType, planTypes } from '../../api/constants.ts';

/** One try of one kind of plan for one machine; the first has number 1. */
export interface PlanAttempt {
  /** uid of the `BaremetalMachine`. */
  uid: string;
  planType: PlanType;
  attempt: number;
  /**
   * uid of the plan Secret: names the claim, because a host that is lost and registers anew gets another Secret, while the
   * mark on its disk stays. Absent in ids of before.
   */
  claim?: string | undefined;
}

/**
 * Names an attempt, the same each time, so that whoever runs again after a crash finds its own plan in the Secret.
 * Only letters, digits, dashes and one dot: it stands in plans, annotations and shell scripts.
 * @throws RangeError for a uid or number that could not be read back
 */
export function attemptId({ uid, planType, attempt, claim }: PlanAttempt): string {
  const id = `${planType}-${attempt}-${uid}${claim === undefined ? '' : `.${claim}`}`;
  if (parseAttemptId(id) === undefined) throw new RangeError('attempt id: uid or attempt number out of range');
  return id;
}

const pattern = /^([a-z]+)-([1-9]\d{0,5})-([A-Za-z0-9][A-Za-z0-9-]{0,62})(?:\.([A-Za-z0-9][A-Za-z0-9-]{0,62}))?$/;

/** The inverse of `attemptId`; undefined for any other text. */
export function parseAttemptId(text: string): PlanAttempt | undefined {
  const [, type, number, uid, claim] = pattern.exec(text) ?? [];
  const planType = planTypes.find((known) => known === type);
  if (planType === undefined || number === undefined || uid === undefined) return undefined;
  return { uid, planType, attempt: Number(number), ...(claim !== undefined && { claim }) };
}

/**
 * Activity id of the wait for an attempt's result; the bridge completes the activity by it. It names the host: a machine
 * that was given another one counts its attempts anew, while the wait for the first is still open at the server, and
 * what the first host says is no answer of the second.
 */
export function planActivityId(planType: PlanType, attempt: number, inventory: string): string {
  return `${hostlessPlanActivityId(planType, attempt)}-${inventory}`;
}

/** The activity id of runs that began to wait before it named the host. */
export function hostlessPlanActivityId(planType: PlanType, attempt: number): string {
  return `await-${planType}-${attempt}`;
}
