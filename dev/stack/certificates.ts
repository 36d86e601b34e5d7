import 'reflect-metadata';
import { webcrypto } from 'node:crypto';
import {
  BasicConstraintsExtension,
  cryptoProvider,
  ExtendedKeyUsage,
  ExtendedKeyUsageExtension,
  type Extension,
  KeyUsageFlags,
  KeyUsagesExtension,
  PemConverter,
  SubjectAlternativeNameExtension,
  X509CertificateGenerator,
} from '@peculiar/x509';

cryptoProvider.set(webcrypto);

const algorithm = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' } as const;
const VALID_FOR_MS = 365 * 24 * 3_600_000;
// Clocks of a laptop that slept are not exact.
const BACKDATED_MS = 3_600_000;

/** A certificate and its private key, both PEM (the key in PKCS#8). */
export interface KeyPair {
  certPem: string;
  keyPem: string;
}

/** Signs certificates that only this test cluster trusts. */
export interface CertificateAuthority extends KeyPair {
  /** For a server on 127.0.0.1 or localhost; `notAfter`: a year from now where nobody says otherwise. */
  issueServer(commonName: string, notAfter?: Date): Promise<KeyPair>;
  /** For a user of the API server; `organization` is the user's group. */
  issueClient(commonName: string, organization: string): Promise<KeyPair>;
}

/** Makes a self-signed certificate authority. */
export async function createCertificateAuthority(commonName: string): Promise<CertificateAuthority> {
  const keys = await createKeys();
  const subject = [{ CN: [commonName] }];
  const ca = await X509CertificateGenerator.createSelfSigned({
    name: subject,
    keys,
    ...validity(),
    signingAlgorithm: algorithm,
    extensions: [
      new BasicConstraintsExtension(true, undefined, true),
      new KeyUsagesExtension(KeyUsageFlags.keyCertSign | KeyUsageFlags.cRLSign | KeyUsageFlags.digitalSignature, true),
    ],
  });
  const issue = async (
    subject: Record<string, string[]>[],
    extensions: Extension[],
    notAfter?: Date,
  ): Promise<KeyPair> => {
    const own = await createKeys();
    const certificate = await X509CertificateGenerator.create({
      subject,
      issuer: ca.subject,
      publicKey: own.publicKey,
      signingKey: keys.privateKey,
      ...validity(notAfter),
      signingAlgorithm: algorithm,
      extensions: [new KeyUsagesExtension(KeyUsageFlags.digitalSignature, true), ...extensions],
    });
    return { certPem: certificate.toString('pem'), keyPem: await privatePem(own) };
  };
  return {
    certPem: ca.toString('pem'),
    keyPem: await privatePem(keys),
    issueServer: (commonName, notAfter) =>
      issue(
        [{ CN: [commonName] }],
        [
          // Parts of Temporal's server show each other the one that they have.
          new ExtendedKeyUsageExtension([ExtendedKeyUsage.serverAuth, ExtendedKeyUsage.clientAuth]),
          new SubjectAlternativeNameExtension([
            { type: 'ip', value: '127.0.0.1' },
            { type: 'dns', value: 'localhost' },
          ]),
        ],
        notAfter,
      ),
    issueClient: (commonName, organization) =>
      issue(
        [{ O: [organization] }, { CN: [commonName] }],
        [new ExtendedKeyUsageExtension([ExtendedKeyUsage.clientAuth])],
      ),
  };
}

/** A bare key pair, PEM: what the API server signs service account tokens with. */
export async function createSigningKeys(): Promise<{ publicPem: string; privatePem: string }> {
  const keys = await createKeys();
  const publicKey = await webcrypto.subtle.exportKey('spki', keys.publicKey);
  return { publicPem: PemConverter.encode(publicKey, 'PUBLIC KEY'), privatePem: await privatePem(keys) };
}

function createKeys(): Promise<webcrypto.CryptoKeyPair> {
  return webcrypto.subtle.generateKey(algorithm, true, ['sign', 'verify']);
}

async function privatePem(keys: webcrypto.CryptoKeyPair): Promise<string> {
  return PemConverter.encode(await webcrypto.subtle.exportKey('pkcs8', keys.privateKey), 'PRIVATE KEY');
}

function validity(notAfter?: Date) {
  const now = Date.now();
  return { notBefore: new Date(now - BACKDATED_MS), notAfter: notAfter ?? new Date(now + VALID_FOR_MS) };
}
