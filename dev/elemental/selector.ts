import { foreign } from '../../api/constants.ts';
import type { ObjectKey } from '../../api/meta.ts';
import type { KubeClient } from '../../runtime/kube/client.ts';
import { elementalAnnotations, elementalInventories } from './inventory.ts';
import { planSecrets, toValue } from './plan-secret.ts';
import { replacedAnnotations } from './reset-plan.ts';

/**
 * What a MachineInventorySelector does with a host that its labels match, whoever uses it: it becomes the only owner of the
 * inventory, and its bootstrap plan goes over whatever stands in the Secret, whose annotations are all replaced. The
 * results of the plan before stay where they are.
 */
export async function adoptBySelector(client: KubeClient, key: ObjectKey, selector: string): Promise<void> {
  const owner = {
    apiVersion: 'elemental.cattle.io/v1beta1',
    kind: foreign.inventorySelectorKind,
    name: selector,
    uid: `${selector}-uid`,
    controller: true,
  };
  await client.patch(elementalInventories, key, { metadata: { ownerReferences: [owner] } });
  const { metadata } = await client.get(planSecrets, key);
  const annotations = replacedAnnotations(metadata.annotations, { [elementalAnnotations.planType]: 'bootstrap' });
  await client.patch(planSecrets, key, { metadata: { annotations }, data: { plan: toValue(bootstrapPlan) } });
}

const bootstrapPlan = `${JSON.stringify({
  files: [],
  instructions: [
    { name: 'configure hostname', command: 'hostnamectl', args: ['set-hostname', '--transient', 'selected'] },
    { name: 'run bootstrapping', command: 'elemental', args: ['bootstrap'] },
  ],
})}\n`;
