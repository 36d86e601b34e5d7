/** gRPC: unavailable, deadline exceeded. */
const AWAY_CODES: ReadonlySet<unknown> = new Set([14, 4]);
/** The same in the words of Temporal's native client, and in ours. */
const AWAY_WORDS =
  /\b(UNAVAILABLE|DEADLINE_EXCEEDED|code: ?'?(Unavailable|DeadlineExceeded)|transport(::| )error|Temporal does not answer)\b/i;
const SAY_EVERY_MS = 60_000;
const MAX_DEPTH = 5;

/**
 * Lets one line a minute through of all that say that Temporal is away: each run that cannot be told, each loop and the
 * SDK have one, and all of them mean the same. Answers what to log beside the line, or undefined to hold it back.
 */
export function createOutageFilter(nowMs: () => number): (fields: unknown) => { heldBack?: number } | undefined {
  let saidAtMs = -Infinity;
  let heldBack = 0;
  return (fields) => {
    if (!tellsOutage(fields)) return {};
    if (nowMs() - saidAtMs < SAY_EVERY_MS) {
      heldBack += 1;
      return undefined;
    }
    const since = heldBack;
    saidAtMs = nowMs();
    heldBack = 0;
    return since === 0 ? {} : { heldBack: since };
  };
}

/** The fields of a line name an error or a problem that means an outage of Temporal. */
function tellsOutage(fields: unknown): boolean {
  if (typeof fields !== 'object' || fields === null) return false;
  return ['err', 'problem', 'error'].some((key) => meansAway(Reflect.get(fields, key), 0));
}

function meansAway(error: unknown, depth: number): boolean {
  if (typeof error === 'string') return AWAY_WORDS.test(error);
  if (!(error instanceof Error) || depth > MAX_DEPTH) return false;
  // An API server that is away says so for itself.
  if (error.name.startsWith('Kube')) return false;
  if ('code' in error && AWAY_CODES.has(error.code)) return true;
  if (error instanceof AggregateError) return error.errors.some((one: unknown) => meansAway(one, depth + 1));
  return AWAY_WORDS.test(error.message) || meansAway(error.cause, depth + 1);
}
