import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { finishComponents, finishConsole, quoteVariables } from './components.ts';
import { listImages } from './images.ts';
import { buildKustomization } from './kustomize.ts';
import { cutNotes } from './notes.ts';
import { renderSbom } from './sbom.ts';

const root = fileURLToPath(new URL('../../', import.meta.url));
const config = join(root, 'config');

/** Name of the file → folder of config/. */
const templates = {
  'cluster-template.yaml': 'templates/default',
  'cluster-template-kube-vip.yaml': 'templates/kube-vip',
  'cluster-template-topology.yaml': 'templates/topology',
  'cluster-template-workers.yaml': 'templates/workers',
  'clusterclass-ironloom.yaml': 'clusterclass',
} as const;

/**
 * All files of a release: what clusterctl looks for, the fleet map, alerts and dashboards, the images, the packages, the notes, and the checksums of them.
 * The same checkout gives the same bytes.
 * @param version with its leading v
 * @throws ToolBuildError without kustomize; Error when a manifest, the changelog or npm is not as expected
 */
export async function renderRelease(version: string): Promise<Map<string, string>> {
  const build = (folder: string) => buildKustomization(join(config, folder));
  const built = await Promise.all(
    Object.entries(templates).map(async ([name, folder]) => [name, await build(folder)] as const),
  );
  const components = finishComponents(await build('clusterctl'), version);
  const console = finishConsole(await build('console'), version);
  const files = new Map([
    ['infrastructure-components.yaml', components],
    ['infrastructure-components-namespaced.yaml', finishComponents(await build('clusterctl-namespaced'), version)],
    ['namespace-rights.yaml', quoteVariables(await build('clusterctl-rights'))],
    ['console.yaml', console],
    ['network-policy.yaml', await build('network-policy')],
    ['monitoring.yaml', await build('monitoring')],
    ['metadata.yaml', await readFile(join(config, 'metadata.yaml'), 'utf8')],
    ...built,
    ['images.txt', listImages([components, console, ...built.map(([, text]) => text)])],
    ['ironloom.cdx.json', await renderSbom(root, version)],
    ['RELEASE-NOTES.md', cutNotes(await readFile(join(root, 'CHANGELOG.md'), 'utf8'), version)],
  ]);
  return files.set('SHA256SUMS', renderChecksums(files));
}

/** As `sha256sum --check` reads it. */
function renderChecksums(files: ReadonlyMap<string, string>): string {
  const lines = [...files].map(([name, text]) => `${createHash('sha256').update(text).digest('hex')}  ${name}\n`);
  return lines.toSorted((one, other) => (one.slice(64) < other.slice(64) ? -1 : 1)).join('');
}
