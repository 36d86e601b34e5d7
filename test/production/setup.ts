import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { TestProject } from 'vitest/node';
import { createProcessFolder } from '../../dev/process/folder.ts';
import { bundleWorkflows } from '../../workers/bundle.ts';

/** vitest globalSetup: the workflows, bundled once. */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const dir = await createProcessFolder();
  const workflowBundle = join(dir, 'workflow-bundle.js');
  await writeFile(workflowBundle, (await bundleWorkflows(new AbortController().signal)).code);
  project.provide('workflowBundle', workflowBundle);
  return () => rm(dir, { recursive: true, force: true });
}
