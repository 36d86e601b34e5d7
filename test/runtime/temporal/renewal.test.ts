import type { TLSConfig } from '@temporalio/client';
import { beforeAll, describe, expect, it } from 'vitest';
import { type CertificateAuthority, createCertificateAuthority } from '../../../dev/stack/certificates.ts';
import type { TemporalEnv } from '../../../runtime/env.ts';
import { endWhenRenewed } from '../../../runtime/temporal/renewal.ts';
import { silentLogger } from '../kube/fake-api-server.ts';

let authority: CertificateAuthority;
let first: TLSConfig;
let second: TLSConfig;

async function issue(): Promise<TLSConfig> {
  const { certPem, keyPem } = await authority.issueClient('ironloom', 'worker');
  return {
    serverRootCACertificate: Buffer.from(authority.certPem),
    clientCertPair: { crt: Buffer.from(certPem), key: Buffer.from(keyPem) },
  };
}

beforeAll(async () => {
  authority = await createCertificateAuthority('temporal');
  [first, second] = await Promise.all([issue(), issue()]);
});

const envOf = (tls: TLSConfig | boolean): TemporalEnv => ({
  namespace: 'metal',
  connectionOptions: { address: '127.0.0.1:7233', tls },
});

/** Begins with `first`; each further look finds the next of `looks`, and after the last one all is over. */
async function follow(looks: readonly (TLSConfig | undefined)[], begin: TLSConfig | boolean = first) {
  const over = new AbortController();
  const left = [...looks];
  const ended: { after: number; reason: string }[] = [];
  await endWhenRenewed({
    temporal: envOf(begin),
    reread() {
      if (left.length === 1) over.abort();
      const look = left.shift();
      return look === undefined ? undefined : envOf(look);
    },
    shutdown: {
      signal: over.signal,
      shutdown: (reason) => void ended.push({ after: looks.length - left.length, reason }),
    },
    logger: silentLogger,
    everyMs: 1,
  });
  return { ended, looked: looks.length - left.length };
}

const copy = ({ clientCertPair, ...rest }: TLSConfig): TLSConfig => ({
  ...rest,
  ...(clientCertPair !== undefined && {
    clientCertPair: { crt: Buffer.from(clientCertPair.crt), key: Buffer.from(clientCertPair.key) },
  }),
});

describe('a process whose certificates are renewed', () => {
  it('ends, once the new ones stand still', async () => {
    const { ended } = await follow([copy(first), copy(second), copy(second), first]);
    expect(ended).toEqual([{ after: 3, reason: 'the certificates for Temporal were renewed' }]);
  });

  it('ends when only the authority is another one', async () => {
    const { certPem } = await createCertificateAuthority('next');
    const next = { ...first, serverRootCACertificate: Buffer.from(authority.certPem + certPem) };
    expect((await follow([next, next, next])).ended).toHaveLength(1);
  });

  it('goes on while files are being replaced: gone, and half of them new', async () => {
    const { clientCertPair: old } = first;
    const { clientCertPair: young } = second;
    if (old === undefined || young === undefined) throw new Error('There are no certificates');
    const mixed = { ...first, clientCertPair: { crt: young.crt, key: old.key } };
    expect(await follow([undefined, mixed, mixed, mixed, copy(first)])).toEqual({ ended: [], looked: 5 });
  });

  it('goes on when what was new is taken back', async () => {
    expect((await follow([second, first, second, first])).ended).toEqual([]);
  });

  it('does not look where TLS is off', async () => {
    expect(await follow([second, second, second], false)).toEqual({ ended: [], looked: 0 });
  });
});
