import { bundleWorkflowCode, DefaultLogger } from '@temporalio/worker';
import { bundleOptions } from './bundle-options.ts';

// Prints the workflow bundle on standard output; what the bundler has to say goes to standard error.
const { code } = await bundleWorkflowCode({ ...bundleOptions, logger: new DefaultLogger('WARN') });
process.stdout.write(code);
