import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import type { WorkflowBundleOption } from '@temporalio/worker';

const mainPath = fileURLToPath(new URL('./bundle-main.ts', import.meta.url));
const MAX_BUNDLE_BYTES = 64 * 1024 * 1024;

/**
 * Bundles the workflows, in about two seconds and in a process of its own: webpack and swc would keep over 100 MiB in
 * this one for as long as it runs.
 * @throws Error with what the bundler printed; AbortError
 */
export async function bundleWorkflows(signal: AbortSignal): Promise<WorkflowBundleOption> {
  const run = promisify(execFile);
  const { stdout } = await run(process.execPath, [mainPath], { maxBuffer: MAX_BUNDLE_BYTES, signal });
  return { code: stdout };
}
