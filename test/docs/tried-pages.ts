/** Pages of docs/, and the headings whose commands `tried-pages.stack.test.ts` runs. */
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
};
