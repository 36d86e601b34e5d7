import { createHash } from 'node:crypto';
import type { KubeClient } from '../runtime/kube/client.ts';
import type { Logger } from '../runtime/logger.ts';
import type { Access, Denial, Viewer } from './access.ts';
import { readRights } from './rights.ts';
import { ShortMemory } from './short-memory.ts';
import { tokenReviews } from './reviews.ts';

export interface TokenAccessOptions {
  client: KubeClient;
  logger: Logger;
  /** Monotonic milliseconds. */
  nowMs: () => number;
}

/** How long an answer of the API server is taken for true. */
const KNOWN_MS = 30_000;
/** A token that is refused may become good a moment later; whoever tries many is held back by `MAX_ASKING`. */
const REFUSED_MS = 5_000;
const MAX_KNOWN = 1_000;
/** Tokens that the API server is asked about at a time. */
const MAX_ASKING = 8;
/** Longer is no token of Kubernetes. */
const MAX_TOKEN_LENGTH = 16_384;

const unknown: Denial = { status: 401, message: 'Kubernetes does not know this token' };

/**
 * Lets in whom the API server knows by a bearer token (TokenReview), and shows what it lets them read (SubjectAccessReview).
 * Tokens are remembered by their hash, and stand in no log.
 */
export function createTokenAccess({ client, logger, nowMs }: TokenAccessOptions): Access {
  const known = new ShortMemory<Viewer | Denial>({ nowMs, max: MAX_KNOWN });
  let asking = 0;

  async function review(token: string): Promise<Viewer | Denial> {
    const { status } = await client.create(tokenReviews, { metadata: {}, spec: { token } });
    if (!status.authenticated || status.user === undefined) return unknown;
    return readRights(client, status.user, nowMs);
  }

  async function ask(token: string): Promise<Viewer | Denial> {
    if (asking >= MAX_ASKING) return { status: 503, message: 'Too many tokens are being looked at; try again' };
    asking++;
    try {
      return await review(token);
    } catch (error) {
      logger.warn({ err: error }, 'A token could not be looked at');
      return { status: 503, message: 'Kubernetes cannot be asked about the token now' };
    } finally {
      asking--;
    }
  }

  return async ({ authorization = '' }) => {
    const token = /^Bearer ([\w.~+/=-]+)$/i.exec(authorization)?.[1];
    if (token === undefined) return { status: 401, message: 'A token is needed' };
    if (token.length > MAX_TOKEN_LENGTH) return unknown;
    const hash = createHash('sha256').update(token).digest('base64url');
    const remembered = known.get(hash);
    if (remembered !== undefined) return remembered;
    const answer = await ask(token);
    if (!('status' in answer)) known.set(hash, answer, KNOWN_MS);
    else if (answer.status === 401) known.set(hash, answer, REFUSED_MS);
    return answer;
  };
}
