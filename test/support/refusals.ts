import { secrets, machineInventories, type Resource } from '../../api/resources.ts';
import { applyManifest, resourceOf } from '../../dev/stack/manifests.ts';
import { createKubeClient, isRefusal } from '../../runtime/kube/client.ts';
import type { Site } from './site.ts';
import { useStack } from './stack.ts';
import { waitFor } from './wait-for.ts';

const policyType = { apiVersion: 'admissionregistration.k8s.io/v1', kind: 'ValidatingAdmissionPolicy' };
const bindingType = { ...policyType, kind: 'ValidatingAdmissionPolicyBinding' };

/** What a policy says to whom it refuses. */
export const policyWords = 'this host is frozen by a policy';

/**
 * Lets an admission policy refuse all that worker and bridge write to the plan Secret, or to the inventory, of a host.
 * Answers what lifts it, which may be called twice.
 */
export async function refuseWrites(
  { client, namespace }: Site,
  host: string,
  to: 'secrets' | 'machineinventories',
): Promise<() => Promise<void>> {
  const resource: Resource<unknown> = to === 'secrets' ? secrets : machineInventories;
  const name = `refuse-${namespace}-${to}-${host}`;
  const ours = "request.userInfo.username.contains(':ironloom-')";
  await applyManifest(client, {
    ...policyType,
    metadata: { name },
    spec: {
      failurePolicy: 'Fail',
      matchConstraints: {
        namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': namespace } },
        resourceRules: [{ apiGroups: [resource.group], apiVersions: ['*'], operations: ['UPDATE'], resources: [to] }],
      },
      validations: [{ expression: `!${ours} || object.metadata.name != '${host}'`, message: policyWords }],
    },
  });
  const spec = { policyName: name, validationActions: ['Deny'] };
  await applyManifest(client, { ...bindingType, metadata: { name }, spec });
  await waitFor(`writes to ${to} ${host} are refused`, () => isRefused(resource, { namespace, name: host }));
  let lifted = false;
  return async () => {
    if (lifted) return;
    lifted = true;
    for (const type of [bindingType, policyType]) await client.delete(resourceOf(type), { namespace: '', name });
    await waitFor(
      `writes to ${to} ${host} are taken again`,
      async () => !(await isRefused(resource, { namespace, name: host })),
    );
  };
}

async function isRefused(resource: Resource<unknown>, key: { namespace: string; name: string }): Promise<boolean> {
  const kubeconfigPath = useStack().kubeconfigs.worker;
  const worker = createKubeClient({ kubeconfigPath, userAgent: 'ironloom-test' });
  try {
    await worker.patch(resource, key, { metadata: { annotations: { 'example.com/probe': 'x' } } }, { dryRun: true });
    return false;
  } catch (error) {
    if (isRefusal(error)) return true;
    throw error;
  } finally {
    await worker.close();
  }
}
