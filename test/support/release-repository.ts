import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { stringify } from 'yaml';
import { renderRelease } from '../../dev/release/render-release.ts';
import { readTool } from '../../dev/tools/table.ts';

const core = [
  { label: 'cluster-api', name: 'cluster-api', type: 'CoreProvider', file: 'core-components.yaml' },
  { label: 'bootstrap-kubeadm', name: 'kubeadm', type: 'BootstrapProvider', file: 'bootstrap-components.yaml' },
  {
    label: 'control-plane-kubeadm',
    name: 'kubeadm',
    type: 'ControlPlaneProvider',
    file: 'control-plane-components.yaml',
  },
] as const;

/** A folder that clusterctl takes for the releases of all providers. */
export interface ReleaseRepository {
  /** Content of clusterctl's configuration file. */
  configuration: object;
  /** Writes a release of this checkout under a version, as it is now. */
  add(version: string): Promise<Map<string, string>>;
  /** Where a file of a release lies. */
  pathOf(version: string, file: string): string;
  remove(): Promise<void>;
}

/**
 * A repository in which Cluster API's own providers have the version that the management cluster runs, and no other.
 * @param components the file of ours that clusterctl installs
 */
export async function openReleaseRepository(components = 'infrastructure-components.yaml'): Promise<ReleaseRepository> {
  const folder = await mkdtemp(join(tmpdir(), 'ironloom-releases-'));
  const { version: coreVersion } = await readTool('clusterctl');
  for (const { label, file } of core) {
    const release = { [file]: '', 'metadata.yaml': renderMetadata([coreVersion]) };
    await writeRelease(join(folder, label, coreVersion), release);
  }
  const versions: string[] = [];
  const pathOf = (version: string, file: string) => join(folder, 'infrastructure-ironloom', version, file);
  return {
    pathOf,
    configuration: {
      providers: [
        ...core.map(({ label, name, type, file }) => ({ name, type, url: join(folder, label, coreVersion, file) })),
        { name: 'ironloom', type: 'InfrastructureProvider', url: pathOf('latest', components) },
      ],
    },
    async add(version) {
      const files = await renderRelease(version);
      versions.push(version);
      // The series of versions that are only made up here.
      const metadata = versions.length > 1 ? { 'metadata.yaml': renderMetadata(versions) } : {};
      await writeRelease(join(folder, 'infrastructure-ironloom', version), {
        ...Object.fromEntries(files),
        ...metadata,
      });
      return files;
    },
    remove: () => rm(folder, { recursive: true, force: true }),
  };
}

function renderMetadata(versions: readonly string[]): string {
  const releaseSeries = versions.map((version) => {
    const [major, minor] = version.slice(1).split('.').map(Number);
    return { major, minor, contract: 'v1beta2' };
  });
  return stringify({ apiVersion: 'clusterctl.cluster.x-k8s.io/v1alpha3', kind: 'Metadata', releaseSeries });
}

async function writeRelease(folder: string, files: Record<string, string>): Promise<void> {
  await mkdir(folder, { recursive: true });
  for (const [name, text] of Object.entries(files)) await writeFile(join(folder, name), text);
}
