import { bundleWorkflowCode, DefaultLogger } from '@temporalio/worker';
import { bundleOptions } from './bundle-options.ts';

// Prints the workflow bundle on standard output; what the bundler has to say goes to standard error.
const { code } = await bundleWorkflowCode({ ...bundleOptions, logger: new DefaultLogger('WARN') });
// One dash in a comment of a library, and V8 keeps each of its copies of the 2 MB as UTF-16.
const escape = (unit: string): string => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`;
process.stdout.write(code.replaceAll(/[^\n\t\r -~]/g, escape));
