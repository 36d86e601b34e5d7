import { execFile } from 'node:child_process';
import { delimiter, join } from 'node:path';
import { promisify } from 'node:util';
import { isAccessible } from './cache.ts';
import type { Tool, ToolName } from './table.ts';

/** A program of somebody else's that does as well as one built here. */
export interface InstalledTool {
  path: string;
  /** As it says itself, without a leading v. */
  version: string;
}

interface VersionCall {
  args: readonly string[];
  /** Finds the version in what is printed. */
  pattern: RegExp;
}

/** The programs that people have, and how each says its version. */
const versionCalls: Partial<Record<ToolName, VersionCall>> = {
  etcd: { args: ['--version'], pattern: /^etcd Version: (\d\S*)/m },
  'kube-apiserver': { args: ['--version'], pattern: /^Kubernetes v(\d\S*)/m },
  kubectl: { args: ['version', '--client'], pattern: /^Client Version: v(\d\S*)/m },
  temporal: { args: ['--version'], pattern: /^temporal version (\d\S*)/m },
};

const VERSION_TIMEOUT_MS = 10_000;

/**
 * The tool as an envtest installation (`KUBEBUILDER_ASSETS`) or the PATH has it, if it is of the minor version that is
 * pinned; undefined: there is none, or another one.
 */
export async function findInstalled(tool: Tool): Promise<InstalledTool | undefined> {
  const call = versionCalls[tool.name];
  if (call === undefined) return undefined;
  const folders = [process.env['KUBEBUILDER_ASSETS'] ?? '', ...(process.env['PATH'] ?? '').split(delimiter)];
  for (const folder of folders.filter((name) => name !== '')) {
    const path = join(folder, tool.name);
    if (!(await isAccessible(path))) continue;
    const version = await readVersion(path, call);
    if (version !== undefined && minorOf(version) === minorOf(tool.version.slice(1))) return { path, version };
  }
  return undefined;
}

async function readVersion(path: string, { args, pattern }: VersionCall): Promise<string | undefined> {
  try {
    const { stdout } = await promisify(execFile)(path, args, { timeout: VERSION_TIMEOUT_MS });
    return pattern.exec(stdout)?.[1];
  } catch {
    // Not a program of that name, or one that does not run here.
    return undefined;
  }
}

function minorOf(version: string): string {
  return version.split('.').slice(0, 2).join('.');
}
