import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { resolveTools } from '../tools/resolver.ts';

/** What `kustomize build` prints of a folder: the same that `kubectl apply -k` applies. @throws with what kustomize said */
export async function buildKustomization(folder: string): Promise<string> {
  const { kustomize } = await resolveTools(['kustomize']);
  const { stdout } = await promisify(execFile)(kustomize, ['build', folder], { maxBuffer: 16 * 1024 * 1024 });
  return stdout;
}
