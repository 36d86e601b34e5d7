import { rootMessage } from '../runtime/temporal/connection.ts';

/** What went wrong, in words for an operator. */
export class CliError extends Error {
  override readonly name = 'CliError';
}

/** The machine's run does not do what it was asked for; the message is its own answer. */
export class Refusal extends Error {
  override readonly name = 'Refusal';
}

/** The line that a command ends with when it fails. Of errors that are not ours the root cause: the SDK wraps it. */
export function describeFailure(error: unknown): string {
  if (error instanceof Refusal) return `refused: ${error.message}`;
  return `error: ${error instanceof CliError ? error.message : rootMessage(error)}`;
}
