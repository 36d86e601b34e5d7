import type { IncomingHttpHeaders } from 'node:http';

/** Somebody who is let in. */
export interface Viewer {
  /** Those of the namespaces where our kinds may be read. */
  namespaces(known: ReadonlySet<string>): Promise<ReadonlySet<string>>;
  mayReadSecrets(namespace: string): Promise<boolean>;
}

/** Why somebody is not. */
export interface Denial {
  status: 401 | 403 | 503;
  message: string;
}

/** Who asks. @throws never */
export type Access = (headers: IncomingHttpHeaders) => Promise<Viewer | Denial>;

export function isDenial(answer: Viewer | Denial): answer is Denial {
  return 'status' in answer;
}

const everything: Viewer = {
  namespaces: (known) => Promise.resolve(known),
  mayReadSecrets: () => Promise.resolve(true),
};

/**
 * Whoever is on this machine sees what the kubeconfig sees. A page from elsewhere, whose name was made to lead here, is told
 * by the name that the browser asked for.
 */
export const openAccess: Access = ({ host = '' }) =>
  Promise.resolve(
    /^(localhost|127\.0\.0\.1|\[::1\])(:\d+)?$/.test(host)
      ? everything
      : { status: 403, message: 'Without tokens the console answers to the names of this machine only: localhost' },
  );

const LOOPBACK = new Set(['127.0.0.1', '::1', 'localhost']);

/** Nobody else than this machine reaches the address. */
export function isLoopback(host: string | undefined): boolean {
  return host !== undefined && LOOPBACK.has(host);
}
