import { isDeepStrictEqual } from 'node:util';
import { templateConditionTypes } from '../../api/conditions.ts';
import { baremetalMachineTemplates } from '../../api/resources.ts';
import { mergeConditions } from '../../domain/conditions.ts';
import type { HostView } from '../../domain/inputs/host-view.ts';
import type { PoolView } from '../../domain/inputs/pool-view.ts';
import { type TemplateView, viewTemplate } from '../../domain/inputs/template-view.ts';
import { computeTemplateStatus } from '../../domain/report/status/template-status.ts';
import { isConflict, isNotFound } from '../../runtime/kube/client.ts';
import { parseKey } from '../../runtime/kube/object-key.ts';
import {
  CONFLICT_REQUEUE_MS,
  type Patcher,
  type ReadStore,
  type ReconcileResult,
  type WritableStore,
} from '../reconcile/ports.ts';

export interface TemplateReconcilerDeps {
  client: Patcher;
  /** All of them synced before the first reconcile: a host that is not known yet would look like one less. */
  templates: WritableStore<TemplateView>;
  pools: Pick<ReadStore<PoolView>, 'get' | 'problemOf'>;
  hosts: Pick<ReadStore<HostView>, 'get'>;
  /** Wall clock, for the times of conditions only. */
  now: () => Date;
}

/** Says what a machine of the template gets at least, which lets the autoscaler scale its group from zero. */
export async function reconcileTemplate(key: string, deps: TemplateReconcilerDeps): Promise<ReconcileResult> {
  const view = deps.templates.get(parseKey(key));
  if (view === undefined || view.deleting) return {};
  const { namespace } = view;
  const poolKey = { namespace, name: view.pool };
  // Not gone: what was said of its hosts holds.
  if (deps.pools.problemOf(poolKey) !== undefined) return {};
  const findHost = (name: string) => deps.hosts.get({ namespace, name });
  const { capacity, nodeInfo, condition } = computeTemplateStatus(view, deps.pools.get(poolKey), findHost);
  const merged = mergeConditions(view.conditions, [condition], deps.now(), templateConditionTypes);
  const same = isDeepStrictEqual([view.capacity, view.nodeInfo], [capacity, nodeInfo]);
  if (same && !merged.changed) return {};
  const metadata = { uid: view.uid, resourceVersion: view.resourceVersion };
  const status = {
    // Of a map that is patched what is left out would stay.
    capacity: capacity === undefined ? null : { ...withoutValues(view.capacity), ...capacity },
    nodeInfo: nodeInfo ?? null,
    conditions: merged.conditions,
  };
  try {
    const written = await deps.client.patch(
      baremetalMachineTemplates,
      view,
      { metadata, status },
      { subresource: 'status', type: 'merge' },
    );
    deps.templates.upsert(viewTemplate(written));
    return {};
  } catch (error) {
    if (isConflict(error)) return { requeueAfterMs: CONFLICT_REQUEUE_MS };
    if (isNotFound(error)) return {};
    throw error;
  }
}

function withoutValues(capacity: TemplateView['capacity']): Record<string, null> {
  return Object.fromEntries(Object.keys(capacity ?? {}).map((resource) => [resource, null]));
}
