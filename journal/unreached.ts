/** Node's words for a certificate of an authority that it does not know. */
const UNTRUSTED = new Set([
  'SELF_SIGNED_CERT_IN_CHAIN',
  'DEPTH_ZERO_SELF_SIGNED_CERT',
  'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
  'UNABLE_TO_GET_ISSUER_CERT_LOCALLY',
  'UNABLE_TO_GET_ISSUER_CERT',
  'CERT_SIGNATURE_FAILURE',
]);
/** What `pg` says where PostgreSQL has `ssl = off`; it has no code. */
const NO_TLS = 'The server does not support SSL connections';

/**
 * Why the database of the journal does not answer, and what to do about it, in words for an operator; undefined: the error
 * says all that there is to say. Nothing of the URL but its host is repeated.
 */
export function explainUnreached(error: unknown): string | undefined {
  const { code, message } = readError(error);
  if (UNTRUSTED.has(code)) {
    return `its certificate is not of an authority that is trusted here (${code}): name the file of its authority in IRONLOOM_JOURNAL_URL, &sslrootcert=<file>`;
  }
  if (message === NO_TLS)
    return 'it speaks no TLS: turn it on there (ssl = on), or leave sslmode out of IRONLOOM_JOURNAL_URL';
  switch (code) {
    case 'ERR_TLS_CERT_ALTNAME_INVALID':
      return `its certificate is for another name (${message}): call it by a name of its certificate in IRONLOOM_JOURNAL_URL, or give it one for this name`;
    case 'CERT_HAS_EXPIRED':
    case 'CERT_NOT_YET_VALID':
      return `its certificate is not valid now (${code}): renew it, or set the clock right`;
    case 'ENOENT':
    case 'EACCES':
      return `a file that IRONLOOM_JOURNAL_URL names cannot be read (${message})`;
    case '28P01':
      return `it does not take the password (${message}): look at IRONLOOM_JOURNAL_PASSWORD`;
    case '28000':
      return `it does not let this user in (${message}): look at its pg_hba.conf, and whether IRONLOOM_JOURNAL_URL asks for TLS, sslmode=verify-full`;
    case '3D000':
      return `${message}: make it, or name another one in IRONLOOM_JOURNAL_URL`;
    case 'ENOTFOUND':
    case 'EAI_AGAIN':
      return `its name is not found (${code}): is IRONLOOM_JOURNAL_URL right?`;
    case 'ECONNREFUSED':
      return `nothing listens there (${code}): is it up, and the port of IRONLOOM_JOURNAL_URL right?`;
    default:
      return undefined;
  }
}

function readError(error: unknown): { code: string; message: string } {
  const code = typeof error === 'object' && error !== null && 'code' in error ? String(error.code) : '';
  return { code, message: error instanceof Error ? error.message : '' };
}
