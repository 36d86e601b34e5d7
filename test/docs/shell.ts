import { execFile } from 'node:child_process';
import { copyFile, mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import type { ManagementClusterDescription } from '../../dev/stack/management-cluster.ts';
import { resolveTools } from '../../dev/tools/resolver.ts';
import type { Site } from '../support/site.ts';
import { useStack } from '../support/stack.ts';

/** A terminal of somebody who operates a site. */
export interface Shell extends AsyncDisposable {
  /** Where it stands. */
  dir: string;
  /** Runs a script of the page, each command of which has to succeed; answers what it printed. */
  run(script: string): Promise<string>;
}

const ironloom = fileURLToPath(new URL('../../cli/ironloom.js', import.meta.url));

/** bash with kubectl, `ironloom` and `temporal`, a kubeconfig of its own, and a folder that goes with it. */
export async function openShell(
  { namespace }: Pick<Site, 'namespace'>,
  { kubeconfigs, temporal }: Pick<ManagementClusterDescription, 'kubeconfigs' | 'temporal'> = useStack(),
): Promise<Shell> {
  const dir = await mkdtemp(join(tmpdir(), 'ironloom-docs-'));
  const bin = join(dir, '.bin');
  await mkdir(bin);
  const tools = await resolveTools(['kubectl', 'temporal']);
  const programs = { ...tools, ironloom, 'kubectl-ironloom': ironloom };
  for (const [name, path] of Object.entries(programs)) await symlink(path, join(bin, name));
  const kubeconfig = join(dir, '.kubeconfig');
  await copyFile(kubeconfigs.admin, kubeconfig);
  const env = {
    ...process.env,
    PATH: [bin, dirname(process.execPath), process.env['PATH']].join(delimiter),
    KUBECONFIG: kubeconfig,
    TEMPORAL_ADDRESS: temporal.address,
    TEMPORAL_NAMESPACE: temporal.namespace,
    TEMPORAL_CONFIG_FILE: join(dir, 'no-temporal-profile.toml'),
    IRONLOOM_TASK_QUEUE: namespace,
    NO_COLOR: '1',
  };
  return {
    dir,
    async run(script) {
      const file = join(dir, '.script');
      await writeFile(file, script);
      try {
        const { stdout } = await promisify(execFile)('bash', ['-euo', 'pipefail', file], { cwd: dir, env });
        return stdout;
      } catch (cause) {
        throw new Error(`A command of the page failed:\n${script}\n${toOutput(cause)}`, { cause });
      }
    },
    [Symbol.asyncDispose]: () => rm(dir, { recursive: true, force: true }),
  };
}

function toOutput(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const stderr = 'stderr' in error ? String(error.stderr) : '';
  const stdout = 'stdout' in error ? String(error.stdout) : '';
  return `${stdout}\n${stderr}`;
}
