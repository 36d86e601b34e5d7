import { followObjects } from '../dev/elemental/object-feed.ts';
import { encodeOutputs, planChecksum } from '../dev/elemental/host-plan.ts';
import { type PlanSecret, planSecrets, readText, toValue } from '../dev/elemental/plan-secret.ts';
import { isConflict, type KubeClient } from '../runtime/kube/client.ts';

/**
 * Plays all hosts of a namespace: each says at once that it applied whatever plan it got, in the one write of an agent,
 * and does nothing. A write that fails ends the process.
 */
export async function startInstantHosts(client: KubeClient, namespace: string): Promise<AsyncDisposable> {
  const feed = followObjects({
    client,
    resource: planSecrets,
    namespace,
    labelSelector: 'elemental.cattle.io/managed=true',
    onChange: (_key, secret) => {
      if (secret === undefined || !isDue(secret)) return;
      void client.replace(planSecrets, applied(secret)).catch((error: unknown) => {
        // The next event shows what stands there now.
        if (!isConflict(error)) throw error;
      });
    },
  });
  await feed.synced;
  return { [Symbol.asyncDispose]: () => feed.stop() };
}

function checksumOf({ data }: PlanSecret): string {
  return planChecksum(Buffer.from(data['plan'] ?? '', 'base64'));
}

function isDue(secret: PlanSecret): boolean {
  return readText(secret.data, 'applied-checksum') !== checksumOf(secret);
}

function applied(secret: PlanSecret): PlanSecret {
  const data = {
    ...secret.data,
    'applied-checksum': toValue(checksumOf(secret)),
    'applied-output': encodeOutputs({}),
    'failed-checksum': '',
    'failed-output': '',
    'failure-count': toValue('0'),
    'success-count': toValue('1'),
  };
  return { ...secret, data };
}
