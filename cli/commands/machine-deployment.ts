import { z } from 'zod';
import type { ObjectKey } from '../../api/meta.ts';
import { baremetalMachineTemplates, type Resource } from '../../api/resources.ts';
import { deploymentGroup, type Preference, preferenceOf } from '../../domain/inputs/preference.ts';
import type { KubeClient } from '../../runtime/kube/client.ts';
import { CliError } from '../world/failures.ts';
import { findObject } from '../access/kube-access.ts';

const machineDeployments = {
  group: 'cluster.x-k8s.io',
  version: 'v1beta2',
  plural: 'machinedeployments',
  kind: 'MachineDeployment',
  schema: z.object({
    spec: z.object({
      replicas: z.int().default(1),
      template: z.object({
        spec: z.object({
          infrastructureRef: z.object({ kind: z.string(), name: z.string() }),
          failureDomain: z.string().optional(),
        }),
      }),
    }),
  }),
} satisfies Resource<unknown>;

/**
 * How many machines it has, the pool and what else its template asks for, and the failure domain that it names.
 * @throws CliError when it does not lead to a pool of ours
 */
export async function readDeployment(
  client: KubeClient,
  key: ObjectKey,
): Promise<{ current: number; poolName: string; failureDomain: string | undefined; preference: Preference }> {
  const what = `MachineDeployment ${key.namespace}/${key.name}`;
  const deployment = await findObject(client, machineDeployments, key);
  if (deployment === undefined) throw new CliError(`There is no ${what}`);
  const { replicas: current, template } = deployment.spec;
  const { infrastructureRef, failureDomain } = template.spec;
  const { kind, name } = infrastructureRef;
  if (kind !== baremetalMachineTemplates.kind) throw new CliError(`The machines of ${what} are ${kind}s, not ours`);
  const found = await findObject(client, baremetalMachineTemplates, { namespace: key.namespace, name });
  if (found === undefined) throw new CliError(`There is no BaremetalMachineTemplate ${name}, which ${what} names`);
  const { spec } = found.spec.template;
  const preference = preferenceOf(spec, deploymentGroup(key.name));
  return { current, poolName: spec.machineInventoryPoolRef.name, failureDomain, preference };
}
