import { createHash } from 'node:crypto';
import type { Resource } from '../../api/resources.ts';
import { isRefusal, type KubeClient } from '../../runtime/kube/client.ts';
import { createEvent } from '../../runtime/kube/events.ts';
import type { ReconcilerLogger, ReconcileResult } from './ports.ts';
import type { RetryPauses } from './retry-pauses.ts';

export interface RefusalDeps {
  client: Pick<KubeClient, 'create'>;
  pauses: RetryPauses;
  logger: ReconcilerLogger;
}

interface Subject {
  namespace: string;
  name: string;
  uid: string;
  resourceVersion: string;
}

/**
 * What to do about an operation, or what else `what` says, of which the API server refused a write: says so once for each wording in an Event, and
 * tries again after pauses that grow until the object changes.
 * @throws the error, if it is another one
 */
export async function noteRefusedOperation(
  resource: Pick<Resource<unknown>, 'group' | 'version' | 'kind'>,
  object: Subject,
  error: unknown,
  { client, pauses, logger }: RefusalDeps,
  what = 'The requested operation waits',
): Promise<ReconcileResult> {
  if (!isRefusal(error)) throw error;
  const { namespace, name, uid, resourceVersion } = object;
  const key = `${namespace}/${name}`;
  const requeueAfterMs = pauses.next(key, `refused ${resourceVersion}`);
  logger.warn({ err: error, object: key, kind: resource.kind, retryInMs: requeueAfterMs }, 'An operation is refused');
  await createEvent(client, {
    resource,
    object: { namespace, name, uid, resourceVersion },
    type: 'Warning',
    reason: 'WriteRefused',
    message: `${what}, for the API server refuses to change the object: ${error.message}`,
    component: 'ironloom-bridge',
    digest: createHash('sha256').update(`${uid}/${error.message}`).digest('hex').slice(0, 16),
  });
  return { requeueAfterMs };
}
