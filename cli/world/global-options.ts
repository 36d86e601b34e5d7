import type { Command } from 'commander';

/** What every command takes, as kubectl's do. */
export interface GlobalOptions {
  namespace?: string;
  allNamespaces?: true;
  kubeconfig?: string;
  context?: string;
  /** False: `--no-color`. */
  color: boolean;
}

export function addGlobalOptions(program: Command): void {
  program
    .option('-n, --namespace <namespace>', "namespace of what is meant (default: the kubeconfig's)")
    .option('-A, --all-namespaces', 'what is listed, in all namespaces')
    .option('--kubeconfig <file>', 'kubeconfig (default: KUBECONFIG, ~/.kube/config)')
    .option('--context <name>', 'context of the kubeconfig')
    .option('--no-color', 'no colours, as with the variable NO_COLOR; there are none in pipes');
}
