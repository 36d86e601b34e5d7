import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { KubeClient } from '../../runtime/kube/client.ts';
import { applyManifest } from './manifests.ts';
import { resolveTools } from '../tools/resolver.ts';
import { readTool } from '../tools/table.ts';

const TIMEOUT_MS = 180_000;

/** What `clusterctl init` would have installed of Cluster API itself, and the provider that is developed here. */
const providers = [
  { provider: 'cluster-api', providerName: 'cluster-api', type: 'CoreProvider' },
  { provider: 'bootstrap-kubeadm', providerName: 'kubeadm', type: 'BootstrapProvider' },
  { provider: 'control-plane-kubeadm', providerName: 'kubeadm', type: 'ControlPlaneProvider' },
  { provider: 'infrastructure-ironloom', providerName: 'ironloom', type: 'InfrastructureProvider' },
] as const;
export type ProviderLabel = (typeof providers)[number]['provider'];

/** Makes clusterctl's records of providers, by default of all four; the CRD of theirs is among Cluster API's. */
export async function recordProviders(client: KubeClient, labels?: readonly ProviderLabel[]): Promise<void> {
  const { version } = await readTool('clusterctl');
  for (const { provider, providerName, type } of providers) {
    if (labels?.includes(provider) === false) continue;
    await applyManifest(client, {
      apiVersion: 'clusterctl.cluster.x-k8s.io/v1alpha3',
      kind: 'Provider',
      metadata: {
        namespace: 'default',
        name: provider,
        labels: {
          'clusterctl.cluster.x-k8s.io': '',
          'clusterctl.cluster.x-k8s.io/core': 'inventory',
          'cluster.x-k8s.io/provider': provider,
        },
      },
      providerName,
      type,
      version,
    });
  }
}

export interface ClusterctlOptions {
  /** Content of clusterctl's configuration file; default: nothing. Whatever the user has configured is not for us. */
  configuration?: object;
  /** Variables of templates. */
  env?: Readonly<Record<string, string>>;
}

/** Runs clusterctl and answers what it prints. @throws with what clusterctl said */
export async function runClusterctl(
  args: readonly string[],
  { configuration = {}, env = {} }: ClusterctlOptions = {},
): Promise<{ stdout: string; stderr: string }> {
  const { clusterctl } = await resolveTools(['clusterctl']);
  const configHome = await mkdtemp(join(tmpdir(), 'ironloom-clusterctl-'));
  try {
    await mkdir(join(configHome, 'cluster-api'));
    await writeFile(join(configHome, 'cluster-api', 'clusterctl.yaml'), JSON.stringify(configuration));
    return await promisify(execFile)(clusterctl, [...args], {
      timeout: TIMEOUT_MS,
      maxBuffer: 16 * 1024 * 1024,
      env: { ...process.env, ...env, XDG_CONFIG_HOME: configHome, CLUSTERCTL_DISABLE_VERSIONCHECK: 'true' },
    });
  } finally {
    await rm(configHome, { recursive: true, force: true });
  }
}

/** Moves all Clusters of a namespace from one API server to another. @throws with what clusterctl said */
export async function moveClusters(options: {
  fromKubeconfig: string;
  toKubeconfig: string;
  namespace: string;
}): Promise<void> {
  const { fromKubeconfig, toKubeconfig, namespace } = options;
  await runClusterctl([
    'move',
    `--kubeconfig=${fromKubeconfig}`,
    `--to-kubeconfig=${toKubeconfig}`,
    `--namespace=${namespace}`,
  ]);
}
