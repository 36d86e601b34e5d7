import { type ProcessSet } from '../process/set.ts';

/** Starts the controllers without which owned objects stay and Namespaces never go. Needs the CRDs in place. */
export async function startControllerManager(
  processes: ProcessSet,
  options: { binary: string; kubeconfigPath: string },
): Promise<void> {
  await processes.start({
    name: 'kube-controllers',
    command: [options.binary, `--kubeconfig=${options.kubeconfigPath}`],
    // It serves nothing to ask; that it goes on running shows in the log.
    probe: () => Promise.resolve(true),
  });
}
