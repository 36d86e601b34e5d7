import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { useStack } from './stack.ts';

const cli = fileURLToPath(new URL('../../cli/main.ts', import.meta.url));

/** How a call of the CLI ended. */
export interface CliResult {
  code: number;
  stdout: string;
  stderr: string;
}

/** Runs `ironloom` for the machines of a task queue, against the management cluster and its Temporal, as an operator does. */
export async function runCli(taskQueue: string, ...args: string[]): Promise<CliResult> {
  const { temporal, kubeconfigs } = useStack();
  const env = {
    ...process.env,
    TEMPORAL_ADDRESS: temporal.address,
    TEMPORAL_NAMESPACE: temporal.namespace,
    IRONLOOM_TASK_QUEUE: taskQueue,
    KUBECONFIG: kubeconfigs.admin,
    NO_COLOR: '1',
  };
  return new Promise((resolve, reject) => {
    execFile(process.execPath, [cli, ...args], { env }, (error, stdout, stderr) => {
      const code = error === null ? 0 : error.code;
      if (typeof code === 'number') resolve({ code, stdout, stderr });
      else reject(new Error('The CLI did not run to its end', { cause: error }));
    });
  });
}
