import type { BaremetalMachineTemplate } from '../../api/machine-template.ts';

/** The part of a `BaremetalMachineTemplate` that the bridge keeps in memory and decides by. */
export interface TemplateView {
  namespace: string;
  name: string;
  uid: string;
  resourceVersion: string;
  /** From which its machines take their hosts. */
  pool: string;
}

/** Reduces a template to what decisions need. */
export function viewTemplate({ metadata, spec }: BaremetalMachineTemplate): TemplateView {
  const { namespace, name, uid, resourceVersion } = metadata;
  return { namespace, name, uid, resourceVersion, pool: spec.template.spec.machineInventoryPoolRef.name };
}
