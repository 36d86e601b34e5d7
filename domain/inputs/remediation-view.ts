import type { Condition } from '../../api/meta.ts';
import type { BaremetalRemediation, RemediationPhase } from '../../api/remediation.ts';

/** The part of a `BaremetalRemediation` that decisions need. It has the name of its Machine. */
export interface RemediationView {
  namespace: string;
  name: string;
  uid: string;
  resourceVersion: string;
  generation: number | undefined;
  createdMs: number;
  deleting: boolean;
  /** uid of the Machine for which it was made; undefined: nobody's. */
  machineUid: string | undefined;
  retryLimit: number;
  timeoutMs: number;
  phase: RemediationPhase | undefined;
  /** How often the host was rebooted. */
  retryCount: number;
  lastRemediatedMs: number | undefined;
  conditions: readonly Condition[];
}

/** Reduces a request to what decisions need. */
export function viewRemediation({ metadata, spec, status }: BaremetalRemediation): RemediationView {
  const { retryLimit, timeoutSeconds } = spec.strategy;
  const last = status?.lastRemediated;
  return {
    namespace: metadata.namespace,
    name: metadata.name,
    uid: metadata.uid,
    resourceVersion: metadata.resourceVersion,
    generation: metadata.generation,
    createdMs: Date.parse(metadata.creationTimestamp),
    deleting: metadata.deletionTimestamp !== undefined,
    machineUid: metadata.ownerReferences.find(({ kind }) => kind === 'Machine')?.uid,
    retryLimit,
    timeoutMs: timeoutSeconds * 1000,
    phase: status?.phase,
    retryCount: status?.retryCount ?? 0,
    lastRemediatedMs: last === undefined ? undefined : Date.parse(last),
    conditions: status?.conditions ?? [],
  };
}
