import { rootMessage } from '../../runtime/temporal/connection.ts';

/** What went wrong, in words for an operator. */
export class CliError extends Error {
  override readonly name = 'CliError';
}

/** It was asked for wrongly; nobody was asked. */
export class UsageError extends CliError {}

/** The machine's run, or the host, does not do what was asked for; the message is its own answer. */
export class Refusal extends Error {
  override readonly name = 'Refusal';
}

/** The line that a command ends with when it fails. */
export function describeFailure(error: unknown): string {
  return error instanceof Refusal ? `refused: ${error.message}` : `error: ${describeCause(error)}`;
}

/** Of errors that are not ours the root cause: the SDK wraps it. */
export function describeCause(error: unknown): string {
  return error instanceof CliError ? error.message : rootMessage(error);
}
