import { setTimeout as sleep } from 'node:timers/promises';
import { createSecureContext } from 'node:tls';
import { isDeepStrictEqual } from 'node:util';
import { type TLSConfig } from '@temporalio/client';
import { type TemporalEnv } from '../env.ts';
import { type Logger } from '../logger.ts';
import { type Shutdown } from '../shutdown.ts';
import { toTlsOptions, tlsOf } from './unreached.ts';

export interface RenewalOptions {
  /** What the process began with. */
  temporal: TemporalEnv;
  /** Reads the same again, files included; undefined: it cannot be read now. */
  reread: () => TemporalEnv | undefined;
  shutdown: Pick<Shutdown, 'signal' | 'shutdown'>;
  logger: Logger;
  /** Default 10 s. */
  everyMs?: number;
}

const EVERY_MS = 10_000;

/**
 * Ends the process in order, for whoever runs it to start it again, when the certificates that it uses for Temporal have
 * other content: the SDK reads them once, and would come back to Temporal with one that has expired. What is being
 * written, or does not fit, is left alone.
 */
export async function endWhenRenewed(options: RenewalOptions): Promise<void> {
  const { temporal, reread, shutdown, logger, everyMs = EVERY_MS } = options;
  const before = tlsOf(temporal.connectionOptions);
  if (before === undefined) return;
  let seen: TLSConfig | undefined;
  let refused: TLSConfig | undefined;
  for (;;) {
    await sleep(everyMs, undefined, { signal: shutdown.signal, ref: false }).catch(() => {});
    if (shutdown.signal.aborted) return;
    const given = reread();
    const now = given === undefined ? undefined : tlsOf(given.connectionOptions);
    // Files are not written in a moment: what is found twice is what stands there.
    const isNew = now !== undefined && isDeepStrictEqual(now, seen) && !isDeepStrictEqual(now, before);
    seen = now;
    if (!isNew || isDeepStrictEqual(now, refused)) continue;
    const problem = findProblem(now);
    if (problem === undefined) return shutdown.shutdown('the certificates for Temporal were renewed');
    logger.warn({ problem }, 'The new certificates for Temporal cannot be used: going on with the old ones');
    refused = now;
  }
}

/** undefined: certificate, key and authority can be read and fit. */
function findProblem(tls: TLSConfig): string | undefined {
  try {
    createSecureContext(toTlsOptions(tls, ''));
    return undefined;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}
