import { bundleWorkflowCode, DefaultLogger } from '@temporalio/worker';
import { workflowsPath } from './worker.ts';

// Prints the workflow bundle on standard output; what the bundler has to say goes to standard error.
const { code } = await bundleWorkflowCode({ workflowsPath, logger: new DefaultLogger('WARN') });
process.stdout.write(code);
