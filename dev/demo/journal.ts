import { randomBytes } from 'node:crypto';
import type { ManagementCluster } from '../stack/management-cluster.ts';
import { findFreePorts } from '../process/ports.ts';
import { createProcessSet } from '../process/set.ts';
import { startPostgresql } from '../stack/postgresql.ts';

/** The variables by which processes and people find the journal. */
export interface JournalVariables extends Readonly<Record<string, string>> {
  IRONLOOM_JOURNAL_URL: string;
}

interface JournalOptions {
  /** Takes what must be closed, also when the start fails. */
  closing: AsyncDisposableStack;
  /** Its abort ends the start. */
  signal: AbortSignal;
  say: (line: string) => void;
}

const USER = 'ironloom';
/** Comes with every PostgreSQL; this one has no other use. */
const DATABASE = 'postgres';

/**
 * Starts a PostgreSQL for the journal in the folder of the management cluster. Nobody needs it: where it does not start,
 * one line says so, and what happens stands in the log. @throws the signal's reason
 */
export async function startJournal(
  { dir, logs }: Pick<ManagementCluster, 'dir' | 'logs'>,
  { closing, signal, say }: JournalOptions,
): Promise<JournalVariables | undefined> {
  const processes = createProcessSet(logs);
  const end = (): Promise<void> => processes.close();
  closing.defer(end);
  const abort = (): void => void end();
  signal.addEventListener('abort', abort);
  try {
    const [port] = await findFreePorts(1);
    const password = randomBytes(16).toString('hex');
    await startPostgresql(processes, { dir, port, user: USER, password });
    return { IRONLOOM_JOURNAL_URL: `postgresql://${USER}:${password}@127.0.0.1:${port}/${DATABASE}` };
  } catch (error) {
    signal.throwIfAborted();
    say(`PostgreSQL does not start here, and the journal is lines of worker.log: ${tellCause(error)}`);
    return undefined;
  } finally {
    signal.removeEventListener('abort', abort);
  }
}

/** What a shell is told, so that the tool asks this journal. */
export function describeExports(journal: JournalVariables | undefined): string[] {
  return Object.entries(journal ?? {}).map(([name, value]) => `export ${name}=${value}`);
}

/** Of an error with the end of a log: what it is, and the last line. */
function tellCause(error: unknown): string {
  const lines = (error instanceof Error ? error.message : String(error)).split('\n');
  return [lines[0], lines.length > 1 ? lines.at(-1)?.trim() : undefined].filter(Boolean).join(' ');
}
