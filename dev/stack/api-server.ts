import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { type Resource } from '../../api/resources.ts';
import { createKubeClient, type KubeClient } from '../../runtime/kube/client.ts';
import { type CertificateAuthority, createSigningKeys } from './certificates.ts';
import { auditPolicy } from './audit.ts';
import { writeKubeconfig } from './kubeconfig.ts';
import { type ProcessSet } from '../process/set.ts';

const PROBE_TIMEOUT_MS = 2000;
const namespaces = {
  group: '',
  version: 'v1',
  plural: 'namespaces',
  kind: 'Namespace',
  schema: z.unknown(),
} satisfies Resource<unknown>;

export interface KubeServerOptions {
  /** The etcd of several API servers may be the same. */
  etcdUrl: string;
  /** Keys in etcd begin with it: what separates two API servers on one etcd. */
  etcdPrefix: string;
  /** Process name, log name and folder name. */
  name: string;
  dir: string;
  port: number;
  binary: string;
  authority: CertificateAuthority;
}

/** A running API server. */
export interface KubeServer {
  url: string;
  auditLogPath: string;
  /** Administrator's client, for the setup. */
  client: KubeClient;
  /** Writes a kubeconfig of a user of group system:masters and answers its path. */
  addUser(user: string): Promise<string>;
  authority: CertificateAuthority;
}

/** Starts a kube-apiserver with an audit log of all writes, and waits until its system namespaces exist. */
export async function startKubeServer(processes: ProcessSet, options: KubeServerOptions): Promise<KubeServer> {
  const { name, authority } = options;
  const dir = join(options.dir, name);
  await mkdir(dir, { recursive: true });
  const url = `https://127.0.0.1:${options.port}`;
  const auditLogPath = join(dir, 'audit.log');
  await writeServerFiles(dir, authority);
  // Exists from the start, so that readers need not care whether there was a write.
  await writeFile(auditLogPath, '', { mode: 0o600 });

  const addUser = async (user: string) =>
    writeKubeconfig(join(dir, `${user}.kubeconfig`), {
      serverUrl: url,
      caPem: authority.certPem,
      user,
      client: await authority.issueClient(user, 'system:masters'),
    });
  const client = createKubeClient({ kubeconfigPath: await addUser('ironloom-setup'), userAgent: 'ironloom-setup' });
  await processes.start({
    name,
    command: [options.binary, ...serverFlags(dir, options)],
    probe: async () => {
      await client.checkReady({ timeoutMs: PROBE_TIMEOUT_MS });
      for (const namespace of ['default', 'kube-system']) {
        await client.get(namespaces, { namespace: '', name: namespace }, { timeoutMs: PROBE_TIMEOUT_MS });
      }
      return true;
    },
  });
  return { url, auditLogPath, client, addUser, authority };
}

async function writeServerFiles(dir: string, authority: CertificateAuthority): Promise<void> {
  const server = await authority.issueServer('kube-apiserver');
  const signing = await createSigningKeys();
  const files = {
    'ca.crt': authority.certPem,
    'tls.crt': server.certPem,
    'tls.key': server.keyPem,
    'service-account.pub': signing.publicPem,
    'service-account.key': signing.privatePem,
    'audit-policy.json': JSON.stringify(auditPolicy),
  };
  for (const [file, content] of Object.entries(files)) await writeFile(join(dir, file), content, { mode: 0o600 });
}

function serverFlags(dir: string, options: KubeServerOptions): string[] {
  return [
    `--etcd-servers=${options.etcdUrl}`,
    `--etcd-prefix=${options.etcdPrefix}`,
    '--bind-address=127.0.0.1',
    '--advertise-address=127.0.0.1',
    `--secure-port=${options.port}`,
    `--cert-dir=${dir}`,
    `--tls-cert-file=${join(dir, 'tls.crt')}`,
    `--tls-private-key-file=${join(dir, 'tls.key')}`,
    `--client-ca-file=${join(dir, 'ca.crt')}`,
    `--service-account-key-file=${join(dir, 'service-account.pub')}`,
    `--service-account-signing-key-file=${join(dir, 'service-account.key')}`,
    '--service-account-issuer=https://127.0.0.1/ironloom',
    '--service-cluster-ip-range=10.0.0.0/24',
    '--authorization-mode=RBAC',
    // Nothing here runs Pods, whom it gives tokens.
    '--disable-admission-plugins=ServiceAccount',
    '--endpoint-reconciler-type=none',
    `--audit-policy-file=${join(dir, 'audit-policy.json')}`,
    `--audit-log-path=${join(dir, 'audit.log')}`,
    '--audit-log-maxsize=10240',
  ];
}
