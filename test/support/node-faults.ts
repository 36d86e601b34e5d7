import { hangingUnit, simulatorFolder } from '../../dev/host/os/disk.ts';
import { nodes } from '../../dev/host/node/kube-api.ts';
import type { Lab } from '../../dev/lab/lab.ts';

/** The Node of a host, which has the host's name. */
export function findNode({ client }: Pick<Lab, 'client'>, name: string) {
  return client.find(nodes, { namespace: '', name });
}

/** The kubelet of a host dies; its agent lives on. */
export async function killKubelet(lab: Pick<Lab, 'host'>, name: string): Promise<void> {
  await lab.host(name).disk.write(`/${simulatorFolder}/services/stopped/kubelet`, '');
}

/** The kubelet of a host hangs, until the host is rebooted. */
export async function hangKubelet(lab: Pick<Lab, 'host'>, name: string): Promise<void> {
  await lab.host(name).disk.write(hangingUnit('kubelet'), '');
}

/** Reports a silent kubelet as the node life-cycle controller of a workload cluster does; nobody runs one here. */
export async function noteSilentKubelet(lab: Pick<Lab, 'client'>, name: string): Promise<void> {
  const node = await findNode(lab, name);
  if (node?.status?.conditions.find(({ type }) => type === 'Ready')?.status !== 'True') return;
  const conditions = [{ type: 'Ready', status: 'Unknown', lastTransitionTime: new Date().toISOString() }];
  await lab.client.patch(nodes, { namespace: '', name }, { status: { conditions } }, { subresource: 'status' });
}
