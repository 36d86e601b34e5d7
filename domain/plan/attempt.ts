import { type PlanType, planTypes } from '../../api/constants.ts';

/** One try of one kind of plan for one machine; the first has number 1. */
export interface PlanAttempt {
  /** uid of the `BaremetalMachine`. */
  uid: string;
  planType: PlanType;
  attempt: number;
}

/**
 * Names an attempt, the same each time, so that whoever runs again after a crash finds its own plan in the Secret.
 * Only letters, digits and dashes: it stands in plans, annotations and shell scripts.
 * @throws RangeError for a uid or number that could not be read back
 */
export function attemptId({ uid, planType, attempt }: PlanAttempt): string {
  const id = `${planType}-${attempt}-${uid}`;
  if (parseAttemptId(id) === undefined) throw new RangeError('attempt id: uid or attempt number out of range');
  return id;
}

/** The inverse of `attemptId`; undefined for any other text. */
export function parseAttemptId(text: string): PlanAttempt | undefined {
  const [, type, number, uid] = /^([a-z]+)-([1-9]\d{0,8})-([A-Za-z0-9][A-Za-z0-9-]{0,62})$/.exec(text) ?? [];
  const planType = planTypes.find((known) => known === type);
  if (planType === undefined || number === undefined || uid === undefined) return undefined;
  return { uid, planType, attempt: Number(number) };
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
