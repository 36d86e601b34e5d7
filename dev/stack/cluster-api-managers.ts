import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { type CertificateAuthority } from './certificates.ts';
import { type ClusterApiManifests, type Manifest, type ManagerName, managerNames } from './cluster-api-manifests.ts';
import { applyManifest } from './manifests.ts';
import { type KubeServer } from './api-server.ts';
import { type ProcessSet } from '../process/set.ts';
import { answersHttp } from '../process/ready.ts';

/** Where a manager serves. */
export interface ManagerPorts {
  webhook: number;
  health: number;
}
export type AllManagerPorts = Record<ManagerName, ManagerPorts>;

/** ClusterClasses are off by default, and our releases have one. */
const FEATURE_GATES = 'ClusterTopology=true';

const crdSpecSchema = z.looseObject({ versions: z.array(z.unknown()) });
const webhookSchema = z.looseObject({
  clientConfig: z.object({ service: z.object({ path: z.string() }) }),
});

/**
 * Cluster API's CRDs as kustomize would make them: contract labels, the label by which clusterctl finds them, and
 * conversion by the webhooks of the managers on this machine.
 */
export function clusterApiCrds(manifests: ClusterApiManifests, ports: AllManagerPorts, caPem: string): Manifest[] {
  const crds = managerNames.flatMap((name) =>
    manifests.managers[name].crds.map((crd) => adaptCrd(crd, ports[name].webhook, caPem)),
  );
  return [...crds, ...manifests.clusterctlCrds.map((crd) => withLabels(crd, { 'clusterctl.cluster.x-k8s.io': '' }))];
}

/** A provider's CRD in that way; its manager serves webhooks at the port. */
export function adaptCrd(crd: Manifest, port: number, caPem: string): Manifest {
  const labelled = withLabels(crd, {
    'cluster.x-k8s.io/v1beta1': 'v1beta1',
    'cluster.x-k8s.io/v1beta2': 'v1beta2',
    'clusterctl.cluster.x-k8s.io': '',
  });
  const spec = crdSpecSchema.parse(crd['spec']);
  if (spec.versions.length < 2) return labelled;
  const clientConfig = { url: `https://127.0.0.1:${port}/convert`, caBundle: toBase64(caPem) };
  const conversion = { strategy: 'Webhook', webhook: { conversionReviewVersions: ['v1'], clientConfig } };
  return { ...labelled, spec: { ...spec, conversion } };
}

const labelsSchema = z.record(z.string(), z.string()).default({});

function withLabels(crd: Manifest, labels: Record<string, string>): Manifest {
  const own = labelsSchema.parse(crd.metadata['labels']);
  return { ...crd, metadata: { ...crd.metadata, labels: { ...own, ...labels } } };
}

/** A manager's admission webhooks, with names of their own (all three files use the same ones), called by URL. */
export function clusterApiWebhooks(
  manifests: ClusterApiManifests,
  name: ManagerName,
  port: number,
  caPem: string,
): Manifest[] {
  return manifests.managers[name].webhooks.map((manifest) => adaptWebhooks(manifest, name, port, caPem));
}

/** One configuration of webhooks in that way; `prefix` is for its name. */
export function adaptWebhooks(manifest: Manifest, prefix: string, port: number, caPem: string): Manifest {
  const webhooks = z.array(webhookSchema).parse(manifest['webhooks']);
  const metadata = { ...manifest.metadata, name: `${prefix}-${manifest.metadata.name}` };
  const adapted = webhooks.map((webhook) => ({
    ...webhook,
    clientConfig: {
      url: `https://127.0.0.1:${port}${webhook.clientConfig.service.path}`,
      caBundle: toBase64(caPem),
    },
  }));
  return { ...manifest, metadata, webhooks: adapted };
}

export interface ClusterApiOptions {
  dir: string;
  server: KubeServer;
  authority: CertificateAuthority;
  manifests: ClusterApiManifests;
  binaries: Record<ManagerName, string>;
  ports: AllManagerPorts;
  /** Beside those that are on here, for example `ReconcilerRateLimiting=false`. */
  featureGates?: string | undefined;
}

/** Starts Cluster API's three managers and turns on their webhooks. Needs `clusterApiCrds` in place. */
export async function startClusterApi(processes: ProcessSet, options: ClusterApiOptions): Promise<void> {
  const certDir = join(options.dir, 'webhook-certs');
  await mkdir(certDir, { recursive: true });
  const { certPem, keyPem } = await options.authority.issueServer('cluster-api-webhooks');
  await writeFile(join(certDir, 'tls.crt'), certPem);
  await writeFile(join(certDir, 'tls.key'), keyPem, { mode: 0o600 });
  await Promise.all(
    managerNames.map(async (name) => {
      await startManager(processes, name, certDir, options);
      const { webhook } = options.ports[name];
      const webhooks = clusterApiWebhooks(options.manifests, name, webhook, options.authority.certPem);
      await Promise.all(webhooks.map((manifest) => applyManifest(options.server.client, manifest)));
    }),
  );
}

async function startManager(
  processes: ProcessSet,
  name: ManagerName,
  certDir: string,
  options: ClusterApiOptions,
): Promise<void> {
  const { webhook, health } = options.ports[name];
  const gates = [FEATURE_GATES, ...(options.featureGates === undefined ? [] : [options.featureGates])];
  await processes.start({
    name,
    command: [
      options.binaries[name],
      `--kubeconfig=${await options.server.addUser(name)}`,
      `--webhook-port=${webhook}`,
      `--webhook-cert-dir=${certDir}`,
      `--health-addr=127.0.0.1:${health}`,
      '--diagnostics-address=0',
      `--feature-gates=${gates.join(',')}`,
    ],
    probe: () => answersHttp(`http://127.0.0.1:${health}/readyz`),
  });
}

function toBase64(text: string): string {
  return Buffer.from(text).toString('base64');
}
