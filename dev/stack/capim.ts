import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type KubeClient } from '../../runtime/kube/client.ts';
import { type ManagedProcess, startProcess } from '../process/managed-process.ts';
import { findFreePorts } from '../process/ports.ts';
import { answersHttp, waitUntilReady } from '../process/ready.ts';
import { listModuleDir } from '../tools/go.ts';
import { resolveTools } from '../tools/resolver.ts';
import { readTool, rivalToolNames } from '../tools/table.ts';
import { createCertificateAuthority } from './certificates.ts';
import { adaptCrd, adaptWebhooks } from './cluster-api-managers.ts';
import { type Manifest, readManifestFolder, readManifests } from './cluster-api-manifests.ts';
import { type ManagementClusterDescription } from './management-cluster.ts';
import { applyCrds, applyManifest } from './manifests.ts';
import { openServiceAccount } from './service-account.ts';

/** Name of its process and of its service account. */
const NAME = 'capim';
const NAMESPACE = 'capd-system';

/** Cluster API's in-memory provider on a management cluster, stopped at first. */
export interface Capim {
  /** Resolves when it is ready. @throws ProcessNotReadyError */
  start(): Promise<void>;
  /** Its Nodes and other things in memory are gone then. */
  stop(): Promise<void>;
  /** Stops it and what renews its token. */
  close(): Promise<void>;
}

/**
 * Installs the provider as its kustomization does: CRDs, rights, service account, webhooks; builds it first.
 * @throws ToolBuildError
 */
export async function installCapim(cluster: ManagementClusterDescription, client: KubeClient): Promise<Capim> {
  const { capim: binary } = await resolveTools(rivalToolNames);
  const tool = await readTool(NAME);
  const config = join(await listModuleDir(tool.moduleDir, tool.versionOf), 'infrastructure/docker/config');
  const authority = await createCertificateAuthority(`${NAME}-ca`);
  const certDir = join(cluster.dir, `${NAME}-certs`);
  const { certPem, keyPem } = await authority.issueServer(`${NAME}-webhooks`);
  await mkdir(certDir);
  await writeFile(join(certDir, 'tls.crt'), certPem);
  await writeFile(join(certDir, 'tls.key'), keyPem, { mode: 0o600 });
  const [webhookPort, healthPort] = await findFreePorts(2);
  const crds = await readManifestFolder(join(config, 'crd/bases'));
  await applyCrds(
    client,
    crds.map((crd) => adaptCrd(crd, webhookPort, authority.certPem)),
  );
  for (const manifest of grantRights(await readManifests(join(config, 'rbac/role.yaml')))) {
    await applyManifest(client, manifest);
  }
  const webhooks = await readManifests(join(config, 'webhook/manifests.yaml'));
  const account = { namespace: NAMESPACE, name: NAME };
  const options = { account, adminKubeconfigPath: cluster.kubeconfigs.admin, dir: cluster.dir };
  const access = await openServiceAccount(options);
  let running: ManagedProcess | undefined;
  const stop = async () => {
    await running?.stop();
    running = undefined;
  };
  return {
    async start() {
      running = startProcess({
        name: NAME,
        command: [
          binary,
          `--kubeconfig=${access.kubeconfigPath}`,
          `--webhook-port=${webhookPort}`,
          `--webhook-cert-dir=${certDir}`,
          `--health-addr=127.0.0.1:${healthPort}`,
          '--diagnostics-address=0',
        ],
        // Where the API servers in its memory would listen.
        env: { POD_IP: '127.0.0.1' },
        logPath: join(cluster.logs, `${NAME}.log`),
      });
      await waitUntilReady(running, () => answersHttp(`http://127.0.0.1:${healthPort}/readyz`));
      for (const manifest of webhooks) {
        await applyManifest(client, adaptWebhooks(manifest, NAME, webhookPort, authority.certPem));
      }
    },
    stop,
    async close() {
      await stop();
      await access.stop();
    },
  };
}

/** Its role, and who has it. */
function grantRights(roles: readonly Manifest[]): Manifest[] {
  const metadata = { name: `${NAME}-manager` };
  const subjects = [{ kind: 'ServiceAccount', namespace: NAMESPACE, name: NAME }];
  const roleRef = { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: metadata.name };
  return [
    { apiVersion: 'v1', kind: 'Namespace', metadata: { name: NAMESPACE } },
    { apiVersion: 'v1', kind: 'ServiceAccount', metadata: { namespace: NAMESPACE, name: NAME } },
    ...roles.map((role) => ({ ...role, metadata })),
    { apiVersion: 'rbac.authorization.k8s.io/v1', kind: 'ClusterRoleBinding', metadata, subjects, roleRef },
  ];
}
