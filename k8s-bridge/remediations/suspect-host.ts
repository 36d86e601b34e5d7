import { annotations } from '../../api/constants.ts';
import { machineInventories } from '../../api/resources.ts';
import { noteOnHost } from '../../domain/inputs/host-notes.ts';
import type { HostView } from '../../domain/inputs/host-view.ts';
import type { MachineView } from '../../domain/inputs/machine-view.ts';
import type { RemediationView } from '../../domain/inputs/remediation-view.ts';
import { isQuarantineDue } from '../../domain/remediation/status.ts';
import type { KubeClient } from '../../runtime/kube/client.ts';
import type { ReadStore } from '../reconcile/ports.ts';

export interface SuspectHostDeps {
  client: Pick<KubeClient, 'patch'>;
  hosts: Pick<ReadStore<HostView>, 'get'>;
  /** Wall clock. */
  now: () => Date;
}

/** What is heard as who asked, in statuses, histories and the journal. */
export const ACTOR = 'MachineHealthCheck';

/**
 * Keeps the host of the machine out of allocation after its release, until an operator has looked at it; once for a
 * request, so that nobody's `unquarantine` is undone. False: that was not due.
 */
export async function quarantineSuspect(
  request: RemediationView,
  machine: MachineView,
  { client, hosts, now }: SuspectHostDeps,
): Promise<boolean> {
  if (!isQuarantineDue(request)) return false;
  const name = machine.inventory;
  const host = name === undefined ? undefined : hosts.get({ namespace: machine.namespace, name });
  // Another machine's, or nobody's any more: it is not this one that is to be kept.
  if (host?.owner?.uid !== machine.uid) return true;
  const reason = request.conditions.find(({ type }) => type === 'Ready')?.message ?? '';
  const asked = { step: 'quarantine', to: 'Quarantined', cause: 'Observed', actor: ACTOR } as const;
  const notes = {
    [annotations.suspect]: reason,
    ...(!host.quarantined && {
      ...noteOnHost(host, asked, now()),
      [annotations.quarantine]: `${ACTOR}: ${reason}`,
    }),
  };
  const { uid, resourceVersion } = host;
  await client.patch(machineInventories, host, { metadata: { uid, resourceVersion, annotations: notes } });
  return true;
}
