import { z } from 'zod';

/** metav1.Status, as the API server answers failures and as watches carry them in ERROR events. */
const statusSchema = z.object({
  kind: z.literal('Status'),
  code: z.number().optional(),
  reason: z.string().optional(),
  message: z.string().optional(),
  details: z
    .object({
      name: z.string().optional(),
      kind: z.string().optional(),
      retryAfterSeconds: z.number().optional(),
      causes: z
        .array(
          z.object({ reason: z.string().optional(), message: z.string().optional(), field: z.string().optional() }),
        )
        .nullish(),
    })
    .nullish(),
});

const MESSAGE_LIMIT_CHARS = 2048;

export interface KubeErrorDetails {
  name?: string | undefined;
  kind?: string | undefined;
  retryAfterSeconds?: number | undefined;
  /** Paths of the fields that the API server refused. */
  fields: string[];
}

/**
 * The API server answered with a failure. Holds no part of the request body: for kinds whose bodies are secret the
 * server's own words about an invalid body are dropped, too (they may quote it).
 */
export class KubeApiError extends Error {
  override readonly name = 'KubeApiError';
  /** HTTP status code. */
  readonly code: number;
  /** metav1.StatusReason, e.g. `NotFound`, `Conflict`, `AlreadyExists`, `Invalid`, `Expired`; '' when unknown. `NotFound` names an object. */
  readonly reason: string;
  readonly details: KubeErrorDetails | undefined;

  constructor(code: number, reason: string, message: string, details?: KubeErrorDetails) {
    super(message);
    this.code = code;
    this.reason = reason;
    this.details = details;
  }
}

/** The API server could not be reached, cut the connection, or did not answer in time. */
export class KubeConnectionError extends Error {
  override readonly name = 'KubeConnectionError';
  /** True when our own time-out ended the request: it may have been carried out. */
  readonly timedOut: boolean;

  constructor(message: string, options: { timedOut: boolean; cause?: unknown }) {
    super(message, { cause: options.cause });
    this.timedOut = options.timedOut;
  }
}

/**
 * Makes the error for a failed answer.
 * @param what the request in words, e.g. `GET /api/v1/...`
 * @param body the parsed answer, or undefined when it was no JSON
 * @param secretBody the request's body is secret: keep only the names of refused fields, or of the policy that refused
 */
export function toKubeApiError(what: string, httpCode: number, body: unknown, secretBody: boolean): KubeApiError {
  const parsed = statusSchema.safeParse(body);
  if (!parsed.success) {
    const why = httpCode === 404 ? ': this path is not served, or a proxy answered' : '';
    return new KubeApiError(httpCode, '', `${what}: HTTP ${httpCode}${why}`);
  }
  const status = parsed.data;
  const code = status.code ?? httpCode;
  const fields = (status.details?.causes ?? []).flatMap((cause) => (cause.field === undefined ? [] : [cause.field]));
  const mayQuoteBody = secretBody && (code === 400 || code === 422);
  const places = fields.join(', ') || findPolicy(status) || 'no field named';
  const words = mayQuoteBody ? `refused as invalid (${places})` : (status.message ?? '');
  const message = `${what}: HTTP ${code} ${status.reason ?? ''}: ${words}`.slice(0, MESSAGE_LIMIT_CHARS);
  const details =
    status.details === undefined || status.details === null
      ? undefined
      : {
          name: status.details.name,
          kind: status.details.kind,
          retryAfterSeconds: status.details.retryAfterSeconds,
          fields,
        };
  return new KubeApiError(code, reasonOf(status), message, details);
}

/** The policy that refused, by name: its own words may quote the object. */
function findPolicy({ message = '' }: z.infer<typeof statusSchema>): string | undefined {
  return /^[a-z.]+ "[a-z0-9.-]+" is forbidden: (ValidatingAdmissionPolicy '[a-z0-9.-]{1,253}')/.exec(message)?.[1];
}

/** Of an unserved path in a served group the API server says NotFound, too, but names no object. */
function reasonOf({ reason = '', details }: z.infer<typeof statusSchema>): string {
  return reason === 'NotFound' && !details?.name ? '' : reason;
}

/** The object does not exist, in the API server's own words: a path that it does not serve, or a proxy, says 404, too. */
export function isNotFound(error: unknown): error is KubeApiError {
  return error instanceof KubeApiError && error.code === 404 && error.reason === 'NotFound';
}

/** The resourceVersion or a precondition did not match: read again. */
export function isConflict(error: unknown): error is KubeApiError {
  return error instanceof KubeApiError && error.code === 409 && error.reason !== 'AlreadyExists';
}

/** An object of that name exists. */
export function isAlreadyExists(error: unknown): error is KubeApiError {
  return error instanceof KubeApiError && error.code === 409 && error.reason === 'AlreadyExists';
}

/** The resourceVersion or the continue token is too old: list again. */
export function isExpired(error: unknown): error is KubeApiError {
  return error instanceof KubeApiError && error.code === 410;
}

/**
 * A `test` of a JSON patch did not hold, or a path of it was not there. The API server answers 422 to that as it does to
 * an invalid object or for a policy, but names neither object nor cause, and uses these words (seen, Kubernetes 1.36).
 */
export function isFailedPatchTest(error: unknown): error is KubeApiError {
  if (!(error instanceof KubeApiError) || error.code !== 422) return false;
  const { name, fields = [] } = error.details ?? {};
  const isAboutObject = (name !== undefined && name !== '') || fields.length > 0;
  return !isAboutObject && error.message.endsWith('the server rejected our request due to an error in our request');
}

/** The write will be refused again as long as nobody mends something: its content, a policy, a right, a full object. */
export function isRefusal(error: unknown): error is KubeApiError {
  return error instanceof KubeApiError && [400, 403, 413, 422].includes(error.code);
}
