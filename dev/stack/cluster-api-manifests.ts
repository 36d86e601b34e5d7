import { constants } from 'node:fs';
import { readdir, readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parseAllDocuments } from 'yaml';
import { z } from 'zod';
import { isAccessible, toolCacheDir, withFileLock } from '../tools/cache.ts';
import { listModuleDir } from '../tools/go.ts';
import { readTool } from '../tools/table.ts';

/** Any Kubernetes object as it stands in a manifest. */
export const manifestSchema = z.looseObject({
  apiVersion: z.string(),
  kind: z.string(),
  metadata: z.looseObject({ name: z.string(), namespace: z.string().optional() }),
});
export type Manifest = z.infer<typeof manifestSchema>;

export const managerNames = ['capi-core', 'capi-kubeadm-bootstrap', 'capi-kubeadm-control-plane'] as const;
/** One of Cluster API's three managers. */
export type ManagerName = (typeof managerNames)[number];

const managerFolders: Record<ManagerName, string> = {
  'capi-core': 'core',
  'capi-kubeadm-bootstrap': 'bootstrap/kubeadm',
  'capi-kubeadm-control-plane': 'controlplane/kubeadm',
};

const managerManifestsSchema = z.object({ crds: z.array(manifestSchema), webhooks: z.array(manifestSchema) });
const clusterApiManifestsSchema = z.object({
  managers: z.object({
    'capi-core': managerManifestsSchema,
    'capi-kubeadm-bootstrap': managerManifestsSchema,
    'capi-kubeadm-control-plane': managerManifestsSchema,
  }),
  /** What `clusterctl` needs to find the providers of a cluster. */
  clusterctlCrds: z.array(manifestSchema),
});
/** Cluster API's CRDs and webhooks as they lie in its module, before kustomize would touch them. */
export type ClusterApiManifests = z.infer<typeof clusterApiManifestsSchema>;

/**
 * Reads Cluster API's manifests at the version of the built managers, from the cache (as JSON: parsing the megabyte of
 * YAML takes seconds) or else from the Go module. @throws ToolBuildError without Go on the first time
 */
export async function loadClusterApiManifests(): Promise<ClusterApiManifests> {
  const tool = await readTool('capi-core');
  const path = join(toolCacheDir(), `cluster-api-manifests-${tool.version}-${tool.hash}.json`);
  if (!(await isAccessible(path, constants.R_OK))) {
    const write = async () => {
      if (await isAccessible(path, constants.R_OK)) return;
      const manifests = await readFromModule(await listModuleDir(tool.moduleDir, tool.versionOf));
      await writeFile(`${path}.${process.pid}`, JSON.stringify(manifests));
      await rename(`${path}.${process.pid}`, path);
    };
    await withFileLock(path, write, () => undefined);
  }
  const parsed: unknown = JSON.parse(await readFile(path, 'utf8'));
  return clusterApiManifestsSchema.parse(parsed);
}

async function readFromModule(dir: string): Promise<ClusterApiManifests> {
  const readManager = async (name: ManagerName) => {
    const config = join(dir, managerFolders[name], 'config');
    return {
      crds: await readManifestFolder(join(config, 'crd', 'bases')),
      webhooks: await readManifests(join(config, 'webhook', 'manifests.yaml')),
    };
  };
  return {
    managers: {
      'capi-core': await readManager('capi-core'),
      'capi-kubeadm-bootstrap': await readManager('capi-kubeadm-bootstrap'),
      'capi-kubeadm-control-plane': await readManager('capi-kubeadm-control-plane'),
    },
    clusterctlCrds: await readManifests(
      join(dir, 'cmd/clusterctl/config/crd/bases/clusterctl.cluster.x-k8s.io_providers.yaml'),
    ),
  };
}

/** Reads every `.yaml` file of a folder except kustomize's own. */
export async function readManifestFolder(dir: string): Promise<Manifest[]> {
  const files = (await readdir(dir))
    .filter((file) => file.endsWith('.yaml') && file !== 'kustomization.yaml')
    .toSorted();
  return (await Promise.all(files.map((file) => readManifests(join(dir, file))))).flat();
}

/** Reads the objects of one YAML file. @throws ZodError when a document is no Kubernetes object */
export async function readManifests(path: string): Promise<Manifest[]> {
  const manifests: Manifest[] = [];
  for (const document of parseAllDocuments(await readFile(path, 'utf8'))) {
    const value: unknown = document.toJS();
    if (value !== null) manifests.push(manifestSchema.parse(value));
  }
  return manifests;
}
