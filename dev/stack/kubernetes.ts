import { fileURLToPath } from 'node:url';
import { type CertificateAuthority, createCertificateAuthority } from './certificates.ts';
import {
  type ClusterApiManifests,
  loadClusterApiManifests,
  managerNames,
  readManifestFolder,
} from './cluster-api-manifests.ts';
import { type AllManagerPorts, clusterApiCrds, startClusterApi } from './cluster-api-managers.ts';
import { applyCrds, applyManifest } from './manifests.ts';
import { startControllerManager } from './controller-manager.ts';
import { startEtcd } from './etcd.ts';
import { applyRbac, INSTALLATION_NAMESPACE } from './rbac.ts';
import { type KubeServer, startKubeServer } from './api-server.ts';
import { openServiceAccount } from './service-account.ts';
import { findFreePorts } from '../process/ports.ts';
import { type ProcessSet } from '../process/set.ts';
import { resolveTools } from '../tools/resolver.ts';

export const kubernetesTools = ['etcd', 'kube-apiserver'] as const;
export const controllerManagerTools = ['kube-controllers'] as const;

const folderOf = (relative: string) => fileURLToPath(new URL(relative, import.meta.url));
const crdFolders = [folderOf('../../config/crd'), folderOf('./crds')];
const policyFolder = folderOf('../../config/policy');

export interface KubernetesOptions {
  dir: string;
  components: { controllerManager: boolean; capi: boolean };
  featureGates: string | undefined;
}

/** The Kubernetes half of a management cluster. */
export interface Kubernetes {
  kubeconfigs: { admin: string; worker: string; bridge: string };
  apiServerUrl: string;
  auditLogPath: string;
  /** Ends what renews tokens, and drops the connections of the setup's client; the processes belong to the process set. */
  close(): Promise<void>;
}

/** Starts etcd and the API server, applies all CRDs and policies, then starts the controllers that are wanted. */
export async function startKubernetes(processes: ProcessSet, options: KubernetesOptions): Promise<Kubernetes> {
  const { dir, components } = options;
  const binaries = await resolveTools(kubernetesTools);
  const authority = await createCertificateAuthority('ironloom-ca');
  const [clientPort, peerPort, port] = await findFreePorts(3);
  const etcdUrl = await startEtcd(processes, { dir, binary: binaries.etcd, clientPort, peerPort });
  const server = await startKubeServer(processes, {
    name: 'kube-apiserver',
    binary: binaries['kube-apiserver'],
    etcdUrl,
    etcdPrefix: '/registry',
    dir,
    port,
    authority,
  });
  try {
    const clusterApi = components.capi ? await prepareClusterApi(authority) : undefined;
    const ownCrds = await Promise.all(crdFolders.map(readManifestFolder));
    await applyCrds(server.client, [...ownCrds.flat(), ...(clusterApi?.crds ?? [])]);
    await Promise.all([
      applyPolicies(server),
      applyRbac(server.client),
      components.controllerManager ? startGarbageCollection(processes, server) : undefined,
      clusterApi === undefined
        ? undefined
        : startClusterApi(processes, {
            ...clusterApi,
            dir,
            server,
            authority,
            binaries: await resolveTools(managerNames),
            featureGates: options.featureGates,
          }),
    ]);
    const admin = await server.addUser('ironloom-admin');
    const open = (name: string) =>
      openServiceAccount({ account: { namespace: INSTALLATION_NAMESPACE, name }, adminKubeconfigPath: admin, dir });
    const [worker, bridge] = await Promise.all([open('ironloom-worker'), open('ironloom-bridge')]);
    return {
      kubeconfigs: { admin, worker: worker.kubeconfigPath, bridge: bridge.kubeconfigPath },
      apiServerUrl: server.url,
      auditLogPath: server.auditLogPath,
      async close() {
        await Promise.all([worker.stop(), bridge.stop(), server.client.close()]);
      },
    };
  } catch (error) {
    await server.client.close();
    throw error;
  }
}

async function prepareClusterApi(authority: CertificateAuthority) {
  const manifests: ClusterApiManifests = await loadClusterApiManifests();
  const [core, coreHealth, bootstrap, bootstrapHealth, controlPlane, controlPlaneHealth] = await findFreePorts(6);
  const ports: AllManagerPorts = {
    'capi-core': { webhook: core, health: coreHealth },
    'capi-kubeadm-bootstrap': { webhook: bootstrap, health: bootstrapHealth },
    'capi-kubeadm-control-plane': { webhook: controlPlane, health: controlPlaneHealth },
  };
  return { manifests, ports, crds: clusterApiCrds(manifests, ports, authority.certPem) };
}

async function applyPolicies(server: KubeServer): Promise<void> {
  const policies = await readManifestFolder(policyFolder);
  await Promise.all(policies.map((policy) => applyManifest(server.client, policy)));
}

async function startGarbageCollection(processes: ProcessSet, server: KubeServer): Promise<void> {
  const { 'kube-controllers': binary } = await resolveTools(controllerManagerTools);
  await startControllerManager(processes, { binary, kubeconfigPath: await server.addUser('kube-controllers') });
}
