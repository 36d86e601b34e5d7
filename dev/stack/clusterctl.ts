import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { KubeClient } from '../../runtime/kube/client.ts';
import { applyManifest } from './manifests.ts';
import { resolveTools } from '../tools/resolver.ts';
import { readTool } from '../tools/table.ts';

const MOVE_TIMEOUT_MS = 180_000;

/** What `clusterctl init` would have installed: the move wants the same providers on both sides. */
const providers = [
  { provider: 'cluster-api', providerName: 'cluster-api', type: 'CoreProvider' },
  { provider: 'bootstrap-kubeadm', providerName: 'kubeadm', type: 'BootstrapProvider' },
  { provider: 'control-plane-kubeadm', providerName: 'kubeadm', type: 'ControlPlaneProvider' },
  { provider: 'infrastructure-ironloom', providerName: 'ironloom', type: 'InfrastructureProvider' },
] as const;

/** Makes clusterctl's records of the four providers; the CRD of theirs is among Cluster API's. */
export async function recordProviders(client: KubeClient): Promise<void> {
  const { version } = await readTool('clusterctl');
  for (const { provider, providerName, type } of providers) {
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

/** Moves all Clusters of a namespace from one API server to another. @throws with what clusterctl said */
export async function moveClusters(options: {
  fromKubeconfig: string;
  toKubeconfig: string;
  namespace: string;
}): Promise<void> {
  const { clusterctl } = await resolveTools(['clusterctl']);
  // Whatever the user has configured is not for us.
  const configHome = await mkdtemp(join(tmpdir(), 'ironloom-clusterctl-'));
  try {
    await mkdir(join(configHome, 'cluster-api'));
    await writeFile(join(configHome, 'cluster-api', 'clusterctl.yaml'), '{}\n');
    const { fromKubeconfig, toKubeconfig, namespace } = options;
    const args = ['move', '--kubeconfig', fromKubeconfig, '--to-kubeconfig', toKubeconfig, '--namespace', namespace];
    await promisify(execFile)(clusterctl, args, {
      timeout: MOVE_TIMEOUT_MS,
      env: { ...process.env, XDG_CONFIG_HOME: configHome, CLUSTERCTL_DISABLE_VERSIONCHECK: 'true' },
    });
  } finally {
    await rm(configHome, { recursive: true, force: true });
  }
}
