import type { BaremetalMachineTemplate, NodeInfo } from '../../api/machine-template.ts';
import type { Condition } from '../../api/meta.ts';

/** The part of a `BaremetalMachineTemplate` that the bridge keeps in memory and decides by. */
export interface TemplateView {
  namespace: string;
  name: string;
  uid: string;
  resourceVersion: string;
  generation: number;
  deleting: boolean;
  /** From which its machines take their hosts. */
  pool: string;
  capacity: Readonly<Record<string, string>> | undefined;
  nodeInfo: NodeInfo | undefined;
  conditions: readonly Condition[];
}

/** Reduces a template to what decisions need. */
export function viewTemplate({ metadata, spec, status }: BaremetalMachineTemplate): TemplateView {
  return {
    namespace: metadata.namespace,
    name: metadata.name,
    uid: metadata.uid,
    resourceVersion: metadata.resourceVersion,
    generation: metadata.generation ?? 0,
    deleting: metadata.deletionTimestamp !== undefined,
    pool: spec.template.spec.machineInventoryPoolRef.name,
    capacity: status?.capacity,
    nodeInfo: status?.nodeInfo,
    conditions: status?.conditions ?? [],
  };
}
