import { createSecureServer, createServer, type Http2SecureServer, type Http2Server } from 'node:http2';
import { createServer as createTcpServer, type Server } from 'node:net';
import type { TLSConfig } from '@temporalio/client';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  type CertificateAuthority,
  createCertificateAuthority,
  type KeyPair,
} from '../../../dev/stack/certificates.ts';
import { explainUnreached } from '../../../runtime/temporal/unreached.ts';

// A gRPC server is, as far as this goes, one of HTTP/2.
const servers: (Http2Server | Http2SecureServer | Server)[] = [];
let ours: CertificateAuthority;
let theirs: CertificateAuthority;
let client: KeyPair;
let stranger: KeyPair;
let ports: Record<'plain' | 'tls' | 'expired' | 'mutual' | 'mute' | 'closed', number>;

async function listen<S extends Http2Server | Http2SecureServer | Server>(server: S): Promise<number> {
  servers.push(server);
  // Whoever only looks hangs up in the middle.
  server.on('session', (session: { on(event: 'error', ignore: () => void): void }) => session.on('error', () => {}));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('The server listens nowhere');
  return address.port;
}

beforeAll(async () => {
  [ours, theirs] = await Promise.all([createCertificateAuthority('ours'), createCertificateAuthority('theirs')]);
  const past = new Date(Date.now() - 60_000);
  const [server, old] = await Promise.all([ours.issueServer('temporal'), ours.issueServer('temporal', past)]);
  client = await ours.issueClient('ironloom', 'bridge');
  stranger = await theirs.issueClient('ironloom', 'bridge');
  const pair = ({ certPem, keyPem }: KeyPair) => ({ cert: certPem, key: keyPem });
  const closing = createTcpServer();
  ports = {
    plain: await listen(createServer()),
    tls: await listen(createSecureServer(pair(server))),
    expired: await listen(createSecureServer(pair(old))),
    mutual: await listen(
      createSecureServer({ ...pair(server), ca: ours.certPem, requestCert: true, rejectUnauthorized: true }),
    ),
    mute: await listen(createTcpServer((socket) => socket.end())),
    closed: await listen(closing),
  };
  await new Promise((resolve) => closing.close(resolve));
});

afterAll(() => {
  for (const server of servers) server.close();
});

function explain(port: keyof typeof ports, tls: TLSConfig | boolean = false): Promise<string | undefined> {
  return explainUnreached({ namespace: 'metal', connectionOptions: { address: `127.0.0.1:${ports[port]}`, tls } });
}

const bytes = (text: string) => Buffer.from(text);
const trusting = (authority: CertificateAuthority): TLSConfig => ({
  serverRootCACertificate: bytes(authority.certPem),
});
const showing = (crt: KeyPair, key = crt): TLSConfig => ({
  ...trusting(ours),
  clientCertPair: { crt: bytes(crt.certPem), key: bytes(key.keyPem) },
});

describe('nothing is said', () => {
  it('of a server that is reached without TLS', async () => expect(await explain('plain')).toBeUndefined());
  it('of one that is reached with TLS', async () => expect(await explain('tls', trusting(ours))).toBeUndefined());
  it('of one that knows us', async () => expect(await explain('mutual', showing(client))).toBeUndefined());
  it('of one that hangs up', async () => expect(await explain('mute')).toBeUndefined());
});

describe('why Temporal is not reached', () => {
  it('nobody listens', async () => {
    expect(await explain('closed')).toContain(`nothing listens on port ${ports.closed} of 127.0.0.1 (ECONNREFUSED)`);
  });

  it('the name is not found', async () => {
    const connectionOptions = { address: 'temporal.invalid:7233' };
    const said = await explainUnreached({ namespace: 'metal', connectionOptions });
    expect(said).toMatch(/^the name temporal\.invalid is not found .*TEMPORAL_ADDRESS/);
  });

  it.each(['tls', 'mutual'] as const)('TLS is off here, and on there (%s)', async (port) => {
    expect(await explain(port)).toMatch(/^TLS is off here, and what listens there speaks it: set TEMPORAL_TLS=true/);
  });

  it('TLS is on here, and off there', async () => {
    expect(await explain('plain', true)).toContain('what listens there speaks none: unset TEMPORAL_TLS');
  });

  it('nobody whom we trust signed: with the usual authorities, and with a wrong one', async () => {
    expect(await explain('tls', true)).toContain('give the file of its authority in TEMPORAL_TLS_SERVER_CA_CERT_PATH');
    expect(await explain('tls', trusting(theirs))).toContain('look at TEMPORAL_TLS_SERVER_CA_CERT_PATH');
  });

  it('the certificate of the server has expired', async () => {
    expect(await explain('expired', trusting(ours))).toContain('is not valid now; CERT_HAS_EXPIRED');
  });

  it('the certificate of the server has other names, and which', async () => {
    const said = await explain('tls', { ...trusting(ours), serverNameOverride: 'temporal.example' });
    expect(said).toMatch(/set TEMPORAL_TLS_SERVER_NAME to one of them; .*DNS:localhost/);
  });

  it('the server wants to know who we are', async () => {
    const said = await explain('mutual', trusting(ours));
    expect(said).toContain('set TEMPORAL_TLS_CLIENT_CERT_PATH and TEMPORAL_TLS_CLIENT_KEY_PATH');
  });

  it('the server does not take who we are', async () => {
    expect(await explain('mutual', showing(stranger))).toContain('the server does not take our certificate');
  });

  it('our certificate and our key do not belong together', async () => {
    expect(await explain('mutual', showing(client, stranger))).toContain('are no certificate and its key');
  });
});
