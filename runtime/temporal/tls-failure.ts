import { type TLSConfig } from '@temporalio/client';

const NOT_TRUSTED = [
  'DEPTH_ZERO_SELF_SIGNED_CERT',
  'SELF_SIGNED_CERT_IN_CHAIN',
  'UNABLE_TO_GET_ISSUER_CERT',
  'UNABLE_TO_GET_ISSUER_CERT_LOCALLY',
  'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
];
/** An answer that is no TLS, or none. */
const NO_TLS = ['ERR_SSL_WRONG_VERSION_NUMBER', 'ERR_SSL_PACKET_LENGTH_TOO_LONG', 'ECONNRESET'];
const CLIENT_FILES = 'TEMPORAL_TLS_CLIENT_CERT_PATH and TEMPORAL_TLS_CLIENT_KEY_PATH';

/** The server ended the connection and did not say why. */
export class HungUpError extends Error {
  override readonly name = 'HungUpError';
  readonly code = 'it hung up';
}

/** Why a handshake with Temporal failed, in words for an operator, with the variable to look at. */
export function explainTlsFailure(failure: Error, { serverRootCACertificate, clientCertPair }: TLSConfig): string {
  const code = codeOf(failure);
  const said = 'reason' in failure && typeof failure.reason === 'string' ? `${failure.reason} (${code})` : code;
  if (NOT_TRUSTED.includes(code)) {
    const advice = serverRootCACertificate === undefined ? 'give the file of its authority in' : 'look at';
    return `nobody whom we trust signed the certificate of the server: ${advice} TEMPORAL_TLS_SERVER_CA_CERT_PATH; ${said}`;
  }
  if (code === 'CERT_HAS_EXPIRED' || code === 'CERT_NOT_YET_VALID')
    return `the certificate of the server is not valid now; ${said}`;
  if (code === 'ERR_TLS_CERT_ALTNAME_INVALID')
    return `the certificate of the server is for other names: set TEMPORAL_TLS_SERVER_NAME to one of them; ${said}`;
  if (NO_TLS.includes(code))
    return `TLS is on here, and what listens there speaks none: unset TEMPORAL_TLS and TEMPORAL_TLS_*; ${said}`;
  if (code.startsWith('ERR_OSSL_')) return `${CLIENT_FILES} are no certificate and its key; ${said}`;
  if (code.includes('_ALERT_') || failure instanceof HungUpError) {
    return clientCertPair === undefined
      ? `the server wants a certificate of ours: set ${CLIENT_FILES}; ${said}`
      : `the server does not take our certificate: look at ${CLIENT_FILES}; ${said}`;
  }
  return `the TLS handshake failed: ${failure.message}`;
}

/** What Node calls an error of its own, or of OpenSSL. */
export function codeOf(error: Error): string {
  return 'code' in error && typeof error.code === 'string' ? error.code : error.name;
}
