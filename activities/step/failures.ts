import { ApplicationFailure } from '@temporalio/activity';
import { ZodError } from 'zod';
import { KubeApiError } from '../../runtime/kube/client.ts';

/** `type` of every ApplicationFailure that an activity of ours throws. */
export const failureTypes = {
  /** The object changed between our read and our write; the next attempt reads again. */
  conflict: 'Conflict',
  /** The API server refused or could not be reached. */
  kubernetesApi: 'KubernetesApi',
  /** An object does not have the shape that its API promises. */
  malformedObject: 'MalformedObject',
  /** A frozen attempt woke up too late. */
  attemptOutlived: 'AttemptOutlived',
} as const;

/** Places that a message names. */
export const MAX_ISSUES = 20;

/**
 * Translates what the Kubernetes client throws into typed, retryable failures. Never passes a value of an object on:
 * a ZodError is reduced to paths and codes.
 */
export function translateFailure(error: unknown): unknown {
  if (error instanceof KubeApiError) {
    const conflict = error.code === 409;
    return ApplicationFailure.create({
      type: conflict ? failureTypes.conflict : failureTypes.kubernetesApi,
      message: `${error.reason} (${error.code}): ${error.message}`,
      // A conflict is the normal price of optimistic locking: no warning, and read again at once.
      ...(conflict ? { category: 'BENIGN', nextRetryDelay: '50ms' } : {}),
    });
  }
  if (error instanceof ZodError) {
    const places = error.issues
      .slice(0, MAX_ISSUES)
      .map((issue) => `${issue.path.join('.')}: ${issue.code}`)
      .join(', ');
    return ApplicationFailure.create({ type: failureTypes.malformedObject, message: `Malformed object: ${places}` });
  }
  return error;
}

/** Runs an activity's body and translates what it throws. */
export async function translatingFailures<T>(body: () => Promise<T>): Promise<T> {
  try {
    return await body();
  } catch (error) {
    throw translateFailure(error);
  }
}
