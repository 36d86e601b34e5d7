import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createKubeClient, type KubeClient } from '../../../runtime/kube/client.ts';
import { acceptsTcp, waitUntilReady } from '../../process/ready.ts';
import { type ManagedProcess, startProcess } from '../../process/managed-process.ts';
import { resolveTools } from '../../tools/resolver.ts';

/** A workload cluster whose control plane runs on simulated hosts: dev/tools/workload-cluster plays it. */
export interface HostedCluster {
  client: KubeClient;
  stop(): Promise<void>;
}

export interface HostedClusterOptions {
  /** `127.0.0.1:port`, where the API server listens. */
  endpoint: string;
  /** Folder with the cluster's CAs, as kubeadm lays it out. */
  pki: string;
  /** Where its kubeconfig and its log are left. */
  folder: string;
}

const READY_TIMEOUT_MS = 30_000;

/** Starts the API server and etcd of a cluster, empty. @throws ProcessNotReadyError, ToolBuildError */
export async function startHostedCluster({ endpoint, pki, folder }: HostedClusterOptions): Promise<HostedCluster> {
  const { 'workload-cluster': binary } = await resolveTools(['workload-cluster']);
  const port = Number(endpoint.split(':').at(-1));
  const name = `workload-cluster-${port}`;
  const server: ManagedProcess = startProcess({
    name,
    command: [binary, `-listen=${endpoint}`, `-pki=${pki}`],
    logPath: join(folder, `${name}.log`),
  });
  try {
    await waitUntilReady(server, () => acceptsTcp(port), READY_TIMEOUT_MS);
    const kubeconfigPath = join(folder, `${name}.kubeconfig`);
    const caPem = await readFile(join(pki, 'ca.crt'), 'utf8');
    await writeFile(kubeconfigPath, renderKubeconfig(`https://${endpoint}`, caPem), { mode: 0o600 });
    const client = createKubeClient({ kubeconfigPath, userAgent: 'ironloom-host' });
    return {
      client,
      stop: async () => {
        await client.close();
        await server.stop();
      },
    };
  } catch (error) {
    await server.kill();
    throw error;
  }
}

/** Without a user: this API server asks nobody who it is. */
function renderKubeconfig(server: string, caPem: string): string {
  const cluster = { server, 'certificate-authority-data': Buffer.from(caPem).toString('base64') };
  return JSON.stringify({
    apiVersion: 'v1',
    kind: 'Config',
    'current-context': 'host',
    clusters: [{ name: 'host', cluster }],
    users: [{ name: 'host', user: {} }],
    contexts: [{ name: 'host', context: { cluster: 'host', user: 'host' } }],
  });
}
