import { execFile } from 'node:child_process';
import { access, constants } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import type { WorkflowBundleOption } from '@temporalio/worker';

const mainPath = fileURLToPath(new URL('./bundle-main.ts', import.meta.url));
const MAX_BUNDLE_BYTES = 64 * 1024 * 1024;

/**
 * The bundle of the workflows: a prebuilt one (an image holds it, so that a worker starts at once), or made now.
 * @throws Error naming IRONLOOM_WORKFLOW_BUNDLE when it names no file; see `bundleWorkflows`
 */
export function loadWorkflowBundle(
  prebuiltPath: string | undefined,
  signal: AbortSignal,
): Promise<WorkflowBundleOption> {
  return prebuiltPath === undefined ? bundleWorkflows(signal) : readBundle(prebuiltPath);
}

async function readBundle(codePath: string): Promise<WorkflowBundleOption> {
  try {
    await access(codePath, constants.R_OK);
    return { codePath };
  } catch (error) {
    throw new Error(
      `IRONLOOM_WORKFLOW_BUNDLE: ${codePath} cannot be read; unset it, or make it with workers/bundle-main.ts`,
      {
        cause: error,
      },
    );
  }
}

/**
 * Bundles the workflows, in about two seconds and in a process of its own: webpack and swc would keep over 100 MiB in
 * this one for as long as it runs.
 * @throws Error with what the bundler printed; AbortError
 */
export async function bundleWorkflows(signal: AbortSignal): Promise<{ code: string }> {
  const run = promisify(execFile);
  const { stdout } = await run(process.execPath, [mainPath], { maxBuffer: MAX_BUNDLE_BYTES, signal });
  return { code: stdout };
}
