import { secretSchema } from '../../../api/core.ts';
import { annotations, foreign } from '../../../api/constants.ts';
import type { HostView } from '../../../domain/inputs/host-view.ts';
import { attemptId } from '../../../domain/plan/attempt.ts';
import { renderPlan } from '../../../domain/plan/document.ts';
import { type PlanSecretView, viewPlanSecret } from '../../../domain/plan/secret.ts';
import type { HostFacts } from '../../../domain/report/explain/explain-host.ts';
import { freeHost } from '../../support/pool-fixtures.ts';

export const owner = { cluster: 'c', machine: 'capi-m1', baremetalMachine: 'm1', uid: 'uid-1' };

/** A plan of the machine with uid `uid-1`. */
export function planOf(planType: 'clean' | 'reprovision') {
  const id = attemptId({ uid: 'uid-1', planType, attempt: 1, claim: 'secret-1' });
  const rendered = renderPlan({ attemptId: id, planType, script: 'true', files: [] });
  return { json: rendered.json, record: { attemptId: id, checksum: rendered.checksum } };
}

export type SecretKind = 'missing' | 'empty' | 'foreign' | 'running' | 'applied' | 'failed' | 'unread';

const views = new Map<string, PlanSecretView>();

/** What stands in the plan Secret of `h`; a result is that of the plan of this type. */
export function secretOf(kind: SecretKind, planType: 'clean' | 'reprovision'): PlanSecretView | 'unread' | undefined {
  if (kind === 'missing') return undefined;
  if (kind === 'unread') return kind;
  const view = views.get(kind + planType) ?? viewSecret(kind, planType);
  views.set(kind + planType, view);
  return view;
}

function viewSecret(
  kind: Exclude<SecretKind, 'missing' | 'unread'>,
  planType: 'clean' | 'reprovision',
): PlanSecretView {
  const { json, record } = planOf(planType);
  const plan = kind === 'empty' || kind === 'foreign' ? '{}' : json;
  const data = {
    plan,
    ...(kind === 'applied' && { 'applied-checksum': record.checksum }),
    ...(kind === 'failed' && { 'failed-checksum': record.checksum, 'failure-count': '1', 'max-failures': '1' }),
  };
  const notes = kind === 'foreign' ? { [annotations.planType]: 'storage-format' } : {};
  const encoded = Object.entries(data).map(([key, value]) => [key, Buffer.from(value).toString('base64')] as const);
  return viewPlanSecret(
    secretSchema.parse({
      metadata: { namespace: 'demo', name: 'h-plan', uid: 'secret-1', resourceVersion: '1', annotations: notes },
      type: foreign.planSecretType,
      data: Object.fromEntries(encoded),
    }),
  );
}

/** A free host `h` of the pool `workers`, but for these. */
export function factsOf(host: Partial<HostView>, changes: Partial<HostFacts> = {}): HostFacts {
  return {
    name: 'h',
    inventory: { kind: 'found', host: freeHost('h', { pool: 'workers', ...host }) },
    secret: secretOf('empty', 'clean'),
    secretFacts: undefined,
    pool: 'workers',
    acceptance: undefined,
    owner: undefined,
    namedBy: undefined,
    ownerRun: 'none',
    ...changes,
  };
}
