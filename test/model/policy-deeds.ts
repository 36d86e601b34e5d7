import { applyManifest, resourceOf } from '../../dev/stack/manifests.ts';
import { isNotFound } from '../../runtime/kube/client.ts';
import type { Lane } from './lane.ts';
import type { Outcome, Scene } from './outcome.ts';

const kinds = { apiVersion: 'admissionregistration.k8s.io/v1', binding: 'ValidatingAdmissionPolicyBinding' };

/** The plan of a Secret stays; what agents write beside it passes. */
const expression = [
  "!has(object.data) || !('plan' in object.data)",
  "(has(oldObject.data) && 'plan' in oldObject.data && object.data['plan'] == oldObject.data['plan'])",
].join(' || ');

/** A policy of the cluster's owner forbids all new plans in the namespace (422), or does no more. */
export async function forbidPlans({ lane, model }: Scene, forbidden: boolean): Promise<Outcome> {
  if (model.plansForbidden === forbidden) return 'skipped';
  model.plansForbidden = forbidden;
  await (forbidden ? bindPolicy(lane) : unbindPolicy(lane));
  return 'done';
}

async function bindPolicy({ client, namespace }: Lane): Promise<void> {
  const { apiVersion } = kinds;
  const name = policyName(namespace);
  const rule = { apiGroups: [''], apiVersions: ['v1'], operations: ['UPDATE'], resources: ['secrets'] };
  const message = 'nobody writes plans at this time of the year';
  await applyManifest(client, {
    apiVersion,
    kind: 'ValidatingAdmissionPolicy',
    metadata: { name },
    spec: {
      failurePolicy: 'Fail',
      matchConstraints: { resourceRules: [rule] },
      validations: [{ expression, message }],
    },
  });
  await applyManifest(client, {
    apiVersion,
    kind: kinds.binding,
    metadata: { name },
    spec: {
      policyName: name,
      validationActions: ['Deny'],
      matchResources: { namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': namespace } } },
    },
  });
}

async function unbindPolicy({ client, namespace }: Lane): Promise<void> {
  const binding = resourceOf({ apiVersion: kinds.apiVersion, kind: kinds.binding });
  await client.delete(binding, { namespace: '', name: policyName(namespace) }).catch((error: unknown) => {
    if (!isNotFound(error)) throw error;
  });
}

function policyName(namespace: string): string {
  return `ironloom-model-${namespace}`;
}
