import { readFileSync } from 'node:fs';

/** As client-go does. A kubelet writes another token when a fifth of the time of the old one is left. */
const READ_EVERY_MS = 60_000;

/** A bearer token in a file that somebody else keeps fresh, as a kubelet does for a Pod. */
export interface TokenFile {
  /** The token as it was read within the last minute; one that was read stays while the file is not there. @throws when it never was */
  current(): string;
  /** The token as it stands in the file now; for when the API server does not take the current one. */
  reread(): string;
}

export function createTokenFile(path: string, nowMs: () => number = () => performance.now()): TokenFile {
  let held: { token: string; readAtMs: number } | undefined;

  function reread(): string {
    held = { token: readToken(), readAtMs: nowMs() };
    return held.token;
  }

  function readToken(): string {
    try {
      return readFileSync(path, 'utf8').trim();
    } catch (error) {
      if (held === undefined) throw error;
      return held.token;
    }
  }

  return {
    current: () => (held === undefined || nowMs() >= held.readAtMs + READ_EVERY_MS ? reread() : held.token),
    reread,
  };
}
