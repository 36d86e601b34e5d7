import type { Manifest } from '../../dev/stack/cluster-api-manifests.ts';

/**
 * clusterctl takes cert-manager as installed when it can make an `Issuer` and a `Certificate`. Nothing of ours needs the
 * webhook certificates that it makes.
 */
export const certManagerCrds: readonly Manifest[] = ['Certificate', 'Issuer'].map((kind) => {
  const singular = kind.toLowerCase();
  const schema = { openAPIV3Schema: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true } };
  return {
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'CustomResourceDefinition',
    metadata: { name: `${singular}s.cert-manager.io` },
    spec: {
      group: 'cert-manager.io',
      scope: 'Namespaced',
      names: { kind, plural: `${singular}s`, singular },
      versions: [{ name: 'v1', served: true, storage: true, schema }],
    },
  };
});
