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

/** Runs `ironloom` against the Temporal of the management cluster, as an operator does. */
export async function runCli(...args: string[]): Promise<CliResult> {
  const { address, namespace } = useStack().temporal;
  const env = { ...process.env, TEMPORAL_ADDRESS: address, TEMPORAL_NAMESPACE: namespace, NO_COLOR: '1' };
  return new Promise((resolve, reject) => {
    execFile(process.execPath, [cli, ...args], { env }, (error, stdout, stderr) => {
      const code = error === null ? 0 : error.code;
      if (typeof code === 'number') resolve({ code, stdout, stderr });
      else reject(new Error('The CLI did not run to its end', { cause: error }));
    });
  });
}
