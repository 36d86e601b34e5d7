import { type ProcessSet } from '../process/set.ts';

/** Starts the controllers without which owned objects stay and Namespaces never go. Needs the CRDs in place. */
export async function startControllerManager(
  processes: ProcessSet,
  options: { binary: string; kubeconfigPath: string },
): Promise<void> {
  const controllers = [
    'garbage-collector',
    'namespace',
    'bootstrap-signer',
    'token-cleaner',
    'disruption',
    'clusterrole-aggregation',
  ];
  await processes.start({
    name: 'kube-controller-manager',
    command: [
      options.binary,
      `--kubeconfig=${options.kubeconfigPath}`,
      `--controllers=${controllers.map((name) => `${name}-controller`).join(',')}`,
      '--leader-elect=false',
      '--secure-port=0',
    ],
    // It serves nothing to ask; that it goes on running shows in the log.
    probe: () => Promise.resolve(true),
  });
}
