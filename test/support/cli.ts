import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import type { ManagementClusterDescription } from '../../dev/stack/management-cluster.ts';
import { useStack } from './stack.ts';

const cli = fileURLToPath(new URL('../../cli/main.ts', import.meta.url));

/** How a call of the CLI ended. */
export interface CliResult {
  code: number;
  stdout: string;
  stderr: string;
}

/** Lists machines as Temporal knows them: nobody asks Kubernetes. */
export const listOfRuns = ['get', 'machines', '--all-namespaces', '--kubeconfig', '/nonexistent/kubeconfig'] as const;

/** Runs `ironloom` for the machines of a task queue, against the management cluster and its Temporal, as an operator does. */
export async function runCli(taskQueue: string, ...args: readonly string[]): Promise<CliResult> {
  return runCliOn(useStack(), { IRONLOOM_TASK_QUEUE: taskQueue }, ...args);
}

/** The same with an environment of its own, against a management cluster that is not the one which all files share. */
export async function runCliOn(
  { temporal, kubeconfigs }: Pick<ManagementClusterDescription, 'temporal' | 'kubeconfigs'>,
  given: Readonly<Record<string, string>>,
  ...args: readonly string[]
): Promise<CliResult> {
  const env = {
    ...process.env,
    TEMPORAL_ADDRESS: temporal.address,
    TEMPORAL_NAMESPACE: temporal.namespace,
    KUBECONFIG: kubeconfigs.admin,
    NO_COLOR: '1',
    ...given,
  };
  return new Promise((resolve, reject) => {
    execFile(process.execPath, [cli, ...args], { env }, (error, stdout, stderr) => {
      const code = error === null ? 0 : error.code;
      if (typeof code === 'number') resolve({ code, stdout, stderr });
      else reject(new Error('The CLI did not run to its end', { cause: error }));
    });
  });
}
