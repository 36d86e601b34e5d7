import { capiMachines } from '../../api/resources.ts';
import { formatTime } from '../../domain/conditions.ts';
import { isFalse } from '../../domain/inputs/others-words.ts';
import type { RemediationView } from '../../domain/inputs/remediation-view.ts';
import type { KubeClient } from '../../runtime/kube/client.ts';

/** Cluster API's name of the condition by which the owner of a Machine is asked to replace it. */
const OWNER_REMEDIATED = 'OwnerRemediated';

/**
 * Asks the owner of the Machine (MachineSet, KubeadmControlPlane) to replace it, as a MachineHealthCheck without a template
 * does. Who began with it already is left alone. The owner decides when, and for etcd's sake whether.
 */
export async function handToOwner(
  request: RemediationView,
  { client, now }: { client: Pick<KubeClient, 'find' | 'patch'>; now: () => Date },
): Promise<void> {
  const { namespace, name } = request;
  const machine = await client.find(capiMachines, { namespace, name });
  if (machine === undefined || machine.metadata.uid !== request.machineUid) return;
  if (machine.metadata.deletionTimestamp !== undefined) return;
  const { conditions: found } = machine.status ?? {};
  if (isFalse(found, OWNER_REMEDIATED)) return;
  const others: unknown[] = Array.isArray(found) ? found.filter((one: unknown) => !isOwnerRemediated(one)) : [];
  const asked = {
    type: OWNER_REMEDIATED,
    status: 'False',
    reason: 'WaitingForRemediation',
    message: request.conditions.find(({ type }) => type === 'Ready')?.message ?? '',
    lastTransitionTime: formatTime(now()),
  };
  const { uid, resourceVersion } = machine.metadata;
  const body = { metadata: { uid, resourceVersion }, status: { conditions: [...others, asked] } };
  await client.patch(capiMachines, { namespace, name }, body, { subresource: 'status' });
}

function isOwnerRemediated(condition: unknown): boolean {
  return typeof condition === 'object' && condition !== null && Reflect.get(condition, 'type') === OWNER_REMEDIATED;
}
