import { createHash } from 'node:crypto';
import { machineInventoryPools } from '../../api/resources.ts';
import type { WantedCondition } from '../../domain/conditions.ts';
import type { PoolView } from '../../domain/inputs/pool-view.ts';
import type { KubeClient } from '../../runtime/kube/client.ts';
import { createEvent } from '../../runtime/kube/events.ts';

/** Records that the members of a pool have become valid or invalid, in another way than before. */
export type TellMembers = (pool: PoolView, members: WantedCondition) => Promise<void>;

/** An Event on the pool, a Warning that names the members unless all are valid. Losing one is acceptable: the condition stays. */
export function createTellMembers(client: Pick<KubeClient, 'create'>): TellMembers {
  return ({ namespace, name, uid, resourceVersion }, { status, reason, message }) =>
    createEvent(client, {
      resource: machineInventoryPools,
      object: { namespace, name, uid, resourceVersion },
      type: status === 'True' ? 'Normal' : 'Warning',
      reason,
      message: message === '' ? 'All members can be used' : message,
      component: 'ironloom-bridge',
      digest: createHash('sha256').update(`${uid}/${resourceVersion}/${reason}`).digest('hex').slice(0, 16),
    });
}

/** The members' condition, where its reason differs from the one that stands there. */
export function membersNews(pool: PoolView, wanted: readonly WantedCondition[]): WantedCondition | undefined {
  const members = wanted.find(({ type }) => type === 'MembersValid');
  const before = pool.conditions.find(({ type }) => type === 'MembersValid');
  return members?.reason === before?.reason ? undefined : members;
}
