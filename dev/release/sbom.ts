import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { z } from 'zod';

const PRODUCT = 'ironloom';
const sbomSchema = z.looseObject({
  metadata: z.looseObject({ component: z.looseObject({}) }),
});

/**
 * The packages that an image holds, by the lock file, in CycloneDX. Without the number and the time that npm makes up, so
 * that the same lock file and the same npm give the same bytes, and without the name of the folder.
 * @param root folder of the lock file
 * @param version with its leading v
 */
export async function renderSbom(root: string, version: string): Promise<string> {
  const args = ['sbom', '--sbom-format=cyclonedx', '--omit=dev', '--package-lock-only'];
  const { stdout } = await promisify(execFile)('npm', args, { cwd: root, maxBuffer: 64 * 1024 * 1024 });
  const parsed: unknown = JSON.parse(stdout);
  const { serialNumber: _number, metadata, ...rest } = sbomSchema.parse(parsed);
  const { timestamp: _time, component, ...told } = metadata;
  const number = version.slice(1);
  const product = { ...component, name: PRODUCT, version: number, purl: `pkg:npm/${PRODUCT}@${number}` };
  return `${JSON.stringify({ ...rest, metadata: { ...told, component: product } }, undefined, 2)}\n`;
}
