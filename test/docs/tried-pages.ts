/**
 * Pages of docs/, and the headings whose commands are run as they stand there: by `tried-pages.stack.test.ts`, and those of
 * leaving by `test/e2e/uninstall.test.ts`, for they take the CRDs away.
 */
export const triedPages: Readonly<Record<string, readonly string[]>> = {
  'docs/guides/node-management.md': [
    'Node management',
    'More nodes',
    'Fewer nodes, any of them',
    'These nodes',
    'A node that failed',
    'Another bootstrap configuration, another pool',
    'Another Kubernetes version',
  ],
  'docs/operations.md': ['What to look at', 'What to do', 'The tool', 'What a host said', 'Hosts that nobody cleans'],
  'docs/guides/uninstall.md': ['Give the hosts back', 'Leave the hosts as they are', 'Back again', 'What refuses'],
};
