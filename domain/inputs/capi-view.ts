import type { CapiCluster, CapiMachine } from '../../api/cluster-api.ts';
import { foreign } from '../../api/constants.ts';
import type { ConfigMap } from '../../api/core.ts';
import type { ObjectMeta } from '../../api/meta.ts';
import { bounded, MAX_NAME } from './bounded-text.ts';
import { isFalse, nameOfReferent, wordsOf } from './others-words.ts';
import type { Endpoint } from './cluster-view.ts';

/** What every cached projection keeps of its object's metadata. */
interface Identity {
  namespace: string;
  name: string;
  uid: string;
  resourceVersion: string;
}

/** The part of a CAPI `Machine` that decisions need. */
export interface CapiMachineView extends Identity {
  deleting: boolean;
  clusterName: string;
  version: string | undefined;
  /** `spec.failureDomain`: its host has to stand there. */
  failureDomain: string | undefined;
  /** `spec.bootstrap.dataSecretName`. */
  bootstrapSecret: string | undefined;
  /** `status.nodeRef.name`: the Node registered. */
  nodeName: string | undefined;
  /** Which object makes the bootstrap data (`KubeadmConfig x`), and what Cluster API heard from it, while it has made none. */
  bootstrapSays: string | undefined;
  /** What Cluster API knows of the Node, while it is not healthy. */
  nodeSays: string | undefined;
  /** It fails the checks of a MachineHealthCheck. */
  isUnhealthy?: true;
}

/** `spec.controlPlaneRef` of a Cluster. */
export interface ControlPlaneRef {
  apiGroup: string;
  kind: string;
  name: string;
}

/** The part of a CAPI `Cluster` that decisions need. */
export interface CapiClusterView extends Identity {
  paused: boolean;
  /** `spec.controlPlaneEndpoint`, where somebody set it. */
  controlPlaneEndpoint: Endpoint | undefined;
  /** Whose object makes the control plane's machines, where one is named. */
  controlPlane: ControlPlaneRef | undefined;
  infrastructureReady: boolean;
  /** What Cluster API heard from the infrastructure object, while it is not ready. */
  infrastructureSays: string | undefined;
  /** Registry host that replaces the one in the image catalog. */
  registry: string | undefined;
}

/** A Secret of which nothing but metadata is kept. */
export type SecretMetaView = Identity;

/** The image catalog: `Machine.spec.version` to OS image. */
export interface CatalogView extends Identity {
  images: Readonly<Record<string, string>>;
}

/** Reduces a CAPI Machine to what decisions need. */
export function viewCapiMachine({ metadata, spec, status }: CapiMachine): CapiMachineView {
  return {
    ...identityOf(metadata),
    deleting: metadata.deletionTimestamp !== undefined,
    clusterName: spec.clusterName,
    version: spec.version,
    failureDomain: bounded(spec.failureDomain || undefined, MAX_NAME),
    bootstrapSecret: spec.bootstrap.dataSecretName,
    nodeName: status?.nodeRef?.name,
    bootstrapSays: sayBootstrap(nameOfReferent(spec.bootstrap.configRef), status?.conditions),
    nodeSays: wordsOf(status?.conditions, 'NodeReady'),
    ...(isFalse(status?.conditions, 'HealthCheckSucceeded') && { isUnhealthy: true as const }),
  };
}

function sayBootstrap(config: string | undefined, conditions: unknown): string | undefined {
  const words = wordsOf(conditions, 'BootstrapConfigReady');
  return config === undefined || words === undefined ? (words ?? config) : `${config}: ${words}`;
}

/** Reduces a CAPI Cluster to what decisions need. */
export function viewCapiCluster({ metadata, spec, status }: CapiCluster): CapiClusterView {
  return {
    ...identityOf(metadata),
    paused: spec.paused === true,
    controlPlaneEndpoint: isSet(spec.controlPlaneEndpoint) ? spec.controlPlaneEndpoint : undefined,
    controlPlane: spec.controlPlaneRef,
    infrastructureReady: status?.initialization?.infrastructureProvisioned === true,
    infrastructureSays: wordsOf(status?.conditions, 'InfrastructureReady'),
    registry: metadata.annotations[foreign.registryAddressAnnotation],
  };
}

/** Keeps who a Secret is and which revision, never its content. */
export function viewSecretMeta({ metadata }: { metadata: ObjectMeta }): SecretMetaView {
  return identityOf(metadata);
}

/** Keeps the catalog's entries. */
export function viewCatalog({ metadata, data }: ConfigMap): CatalogView {
  return { ...identityOf(metadata), images: data };
}

function identityOf({ namespace, name, uid, resourceVersion }: ObjectMeta): Identity {
  return { namespace, name, uid, resourceVersion };
}

function isSet(endpoint: Endpoint | undefined): endpoint is Endpoint {
  return endpoint !== undefined && endpoint.host !== '' && endpoint.port > 0;
}
