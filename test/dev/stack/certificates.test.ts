import { createPrivateKey, createPublicKey, X509Certificate } from 'node:crypto';
import { expect, test } from 'vitest';
import { createCertificateAuthority, createSigningKeys } from '../../../dev/stack/certificates.ts';

test('certificates are signed by the authority and fit what they are for', async () => {
  const authority = await createCertificateAuthority('test-ca');
  const ca = new X509Certificate(authority.certPem);
  expect(ca.ca).toBe(true);

  const server = await authority.issueServer('api');
  const serverCertificate = new X509Certificate(server.certPem);
  expect(serverCertificate.verify(ca.publicKey)).toBe(true);
  expect(serverCertificate.checkIP('127.0.0.1')).toBe('127.0.0.1');
  expect(serverCertificate.checkHost('localhost')).toBe('localhost');
  expect(serverCertificate.checkPrivateKey(createPrivateKey(server.keyPem))).toBe(true);

  const client = new X509Certificate((await authority.issueClient('somebody', 'system:masters')).certPem);
  expect(client.verify(ca.publicKey)).toBe(true);
  expect(client.subject.split('\n').toSorted()).toEqual(['CN=somebody', 'O=system:masters']);
  expect(client.keyUsage).toEqual(['1.3.6.1.5.5.7.3.2']);
});

test('the public signing key belongs to the private one', async () => {
  const keys = await createSigningKeys();
  const derived = createPublicKey(keys.privatePem).export({ format: 'jwk' });
  expect(createPublicKey(keys.publicPem).export({ format: 'jwk' })).toEqual(derived);
});
