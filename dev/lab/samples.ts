import { readdir, readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { parseAllDocuments } from 'yaml';
import { z } from 'zod';

const samplesFolder = fileURLToPath(new URL('../../config/samples/', import.meta.url));

const manifestSchema = z.looseObject({
  apiVersion: z.string(),
  kind: z.string(),
  metadata: z.looseObject({ name: z.string(), namespace: z.string().optional() }),
});
/** A Kubernetes object as it stands in a YAML file. */
export type SampleManifest = z.infer<typeof manifestSchema>;

/** What a test wants different from the samples. */
export interface SampleChanges {
  namespace: string;
  replicas?: number;
  /** Members of the pool, in order of preference. */
  hosts?: readonly { name: string; hostname?: string }[];
}

/** The manifests of config/samples, in the order of their file names. */
export async function readSamples(): Promise<SampleManifest[]> {
  const files = (await readdir(samplesFolder)).filter((file) => /^\d+.*\.yaml$/.test(file)).toSorted();
  const texts = await Promise.all(files.map((file) => readFile(samplesFolder + file, 'utf8')));
  return texts.flatMap((text) => parseAllDocuments(text).map((document) => manifestSchema.parse(document.toJS())));
}

/** The samples in a namespace of their own, with other hosts and another number of machines. */
export async function readChangedSamples({ namespace, replicas, hosts }: SampleChanges): Promise<SampleManifest[]> {
  const samples = await readSamples();
  return samples.map((manifest) => {
    if (manifest.kind === 'Namespace') return { ...manifest, metadata: { ...manifest.metadata, name: namespace } };
    const moved = { ...manifest, metadata: { ...manifest.metadata, namespace } };
    if (manifest.kind === 'MachineInventoryPool' && hosts !== undefined) {
      return withSpec(moved, { machineInventories: hosts });
    }
    if (manifest.kind === 'MachineDeployment' && replicas !== undefined) return withSpec(moved, { replicas });
    return moved;
  });
}

function withSpec(manifest: SampleManifest, changes: Record<string, unknown>): SampleManifest {
  return { ...manifest, spec: { ...z.looseObject({}).parse(manifest['spec']), ...changes } };
}
